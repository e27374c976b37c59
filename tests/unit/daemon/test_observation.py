"""Figures of the moment, and the places where they are to be had."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.control.services import ScheduleView
from octeth_backupd.daemon.coordinator import ActiveRun
from octeth_backupd.daemon.observation import WARNING, FiguresReader, Observation
from octeth_backupd.daemon.services import ServiceState
from octeth_backupd.domain.backup import Operation, RunStatus, Tier
from octeth_backupd.domain.figures import RestoreFigures
from octeth_backupd.telemetry.metrics_settings import MetricsSettings
from tests.fakes.catalog_values import make_run
from tests.fakes.restores import make_journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.bench import Bench


def _at_once(work: Callable[[], None]) -> None:
    work()


@pytest.fixture
def active() -> list[ActiveRun]:
    return []


@pytest.fixture
def state() -> ServiceState:
    return ServiceState()


@pytest.fixture
def reader(bench: Bench, active: list[ActiveRun], state: ServiceState) -> FiguresReader:
    parts = bench.parts()
    return FiguresReader(
        clock=bench.clock,
        parts=lambda: parts,
        active=lambda: active,
        schedules=lambda: [
            ScheduleView(
                server=server,
                schedule="daily",
                tier=Tier.DAILY,
                cron="0 2 * * *",
                timezone="UTC",
                next_due=bench.clock.now(),
                paused=False,
            )
            for server in ("oempro", "gone")
        ],
        state=state,
        warnings=lambda: ("one", "two"),
        scheduler_alive=lambda: True,
        state_directory=bench.directory,
    )


def test_figures_are_those_of_the_moment(
    bench: Bench, reader: FiguresReader, active: list[ActiveRun], state: ServiceState
) -> None:
    run = make_run("run-1", bench.clock.now(), status=RunStatus.RUNNING, started_at=bench.clock.now())
    active.append(ActiveRun(run=run, parts=bench.parts(), is_running=True))
    active.append(ActiveRun(run=make_run("run-2", operation=Operation.VERIFY), parts=bench.parts()))
    state.configuration_error = "servers.oempro: bad"
    bench.parts().journals.write(make_journal())

    figures = reader.take()

    assert figures.servers == ("oempro",)
    assert figures.storages == ("local",)
    assert [one.server for one in figures.schedules] == ["oempro"]
    assert figures.running == {("oempro", Operation.BACKUP): bench.clock.now()}
    assert {place.place for place in figures.places} == {"backups", "workspace", "state"}
    assert (figures.configuration_in_force, figures.warnings) == (False, 2)
    kept = make_journal()
    assert figures.restores == {kept.server: RestoreFigures(safety_copies=1, safety_copy_bytes=kept.aside_bytes or 0)}


def test_figures_follow_the_clock(bench: Bench, reader: FiguresReader) -> None:
    first = reader.take()
    bench.clock.go(60)

    second = reader.take()

    assert (second.taken_at - first.taken_at).total_seconds() == 60
    assert second.started_at == first.started_at


def test_the_file_is_written_where_the_settings_in_force_say(bench: Bench, reader: FiguresReader) -> None:
    path = bench.directory / "octeth.prom"
    settings = [MetricsSettings(), MetricsSettings(textfile=path)]
    warnings: dict[str, str] = {}
    observation = Observation(reader=reader, settings=lambda: settings[0], warnings=warnings, begin=_at_once)

    observation.look()
    assert not path.exists()
    settings.pop(0)
    observation.look()

    assert b"octeth_backupd_warnings 2.0" in path.read_bytes()
    assert path.read_bytes().startswith(observation.metrics()[:100])
    assert warnings == {}


def test_what_stands_in_the_way_is_a_standing_warning_until_it_is_gone(bench: Bench, reader: FiguresReader) -> None:
    directory = bench.directory / "later"
    warnings: dict[str, str] = {}
    settings = MetricsSettings(textfile=directory / "octeth.prom")
    observation = Observation(reader=reader, settings=lambda: settings, warnings=warnings, begin=_at_once)

    observation.look()
    assert "the metrics file cannot be written" in warnings[WARNING]
    directory.mkdir()
    observation.look()
    observation.stop()

    assert warnings == {}
    assert settings.textfile is not None
    assert settings.textfile.exists()


def test_what_is_wished_while_the_file_is_being_written_is_written_once_more(
    bench: Bench, reader: FiguresReader
) -> None:
    works: list[Callable[[], None]] = []
    asked = 0

    def settings() -> MetricsSettings:
        nonlocal asked
        asked += 1
        if asked == 2:  # the first is the port's; now the file is being written
            observation.look()
            observation.look()
        return MetricsSettings(textfile=bench.directory / "octeth.prom")

    observation = Observation(reader=reader, settings=settings, warnings={}, begin=works.append)
    observation.look()
    assert len(works) == 1

    works[0]()
    assert (len(works), asked) == (1, 3)
    observation.look()

    assert len(works) == 2


def test_without_a_thread_to_be_had_nobody_is_hurt_and_it_is_tried_again(bench: Bench, reader: FiguresReader) -> None:
    path = bench.directory / "octeth.prom"
    outcomes: list[Exception | None] = [RuntimeError("can't start new thread"), None]

    def begin(work: Callable[[], None]) -> None:
        if (error := outcomes.pop(0)) is not None:
            raise error
        work()

    observation = Observation(reader=reader, settings=lambda: MetricsSettings(textfile=path), warnings={}, begin=begin)

    observation.look()
    observation.look()

    assert path.exists()


def test_looking_returns_before_the_file_is_written(bench: Bench, reader: FiguresReader) -> None:
    path = bench.directory / "octeth.prom"
    may_write = threading.Event()
    written = threading.Event()

    def begin(work: Callable[[], None]) -> None:
        def later() -> None:
            may_write.wait(20)
            work()
            written.set()

        threading.Thread(target=later, daemon=True).start()

    observation = Observation(reader=reader, settings=lambda: MetricsSettings(textfile=path), warnings={}, begin=begin)

    observation.look()
    assert not path.exists()
    may_write.set()

    assert written.wait(20)
    assert path.exists()
