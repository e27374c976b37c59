"""What the control interface reads from the catalog and of runs that go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.daemon.reading_services import ReadingServices
from octeth_backupd.daemon.run_recorder import RunRecorder
from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import StepProgress, Warned
from octeth_backupd.errors import NotFoundError
from tests.fakes.catalog_values import make_backup
from tests.fakes.runs import AT, a_run
from tests.fakes.server import FakeServer

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


@pytest.fixture
def services(bench: Bench) -> ReadingServices:
    """The readings of a daemon with one server."""
    recorder = RunRecorder(bench.catalog)
    bench.bus.subscribe(recorder.follow)
    parts = bench.parts(servers={"oempro": FakeServer(bench.directory, name="oempro")})
    return ReadingServices(catalog=bench.catalog, bus=bench.bus, recorder=recorder, parts=lambda: parts)


def test_ours_are_this_installation_and_those_that_it_adopted(bench: Bench, services: ReadingServices) -> None:
    bench.catalog.installations.set_own("1" * 32)
    bench.catalog.installations.adopt("2" * 32, by="root", at=AT)

    assert services.ours() == {"1" * 32, "2" * 32}


def test_lists_come_from_the_catalog(bench: Bench, services: ReadingServices) -> None:
    bench.catalog.add_backup(make_backup())
    bench.catalog.add_run(a_run("done", status=RunStatus.FAILED))

    assert services.find_backup("latest", "oempro").backup_id == make_backup().backup_id
    assert make_backup().backup_id.encode() in services.backups_json(server=None, limit=None, after=None)
    assert services.find_run("don").run_id == "done"
    assert [run.run_id for run in services.runs(server="oempro", limit=5, before=None)] == ["done"]
    assert services.steps("done") == []


def test_progress_and_events_of_a_run_come_from_the_bus(bench: Bench, services: ReadingServices) -> None:
    context = bench.context()
    run_id = context.run.run_id

    with services.subscribe(run_id) as subscription:
        context.warn("odd")
        context.progress("backup", done_bytes=1, total_bytes=2, rate_bytes_per_second=1.0)

        assert isinstance(subscription.get(0), Warned)
        assert isinstance(subscription.get(0), StepProgress)
        assert subscription.get(0) is None
    assert services.progress(run_id) is not None
    assert services.progress("another") is None


def test_what_is_asked_of_a_server_that_is_not_configured_is_not_found(services: ReadingServices) -> None:
    with pytest.raises(NotFoundError, match="another"):
        services.runs(server="another", limit=5, before=None)
