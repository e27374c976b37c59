"""What lost restores have left is looked for and told, and never touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.stray_watch import LOOK_EVERY, StrayWatch
from octeth_backupd.errors import ServerUnreachableError
from octeth_backupd.servers.survey import Survey
from tests.fakes.catalog_values import make_backup
from tests.fakes.manifests import make_manifest
from tests.unit.domain.restore.test_journal import JOURNAL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.bench import Bench

RUN = "20261122-120000-abcdef"


def room(directory: Path) -> Path:
    made = directory / f".octeth-backupd-{RUN}"
    (made / "old").mkdir(parents=True)
    return made


@pytest.fixture
def watch(bench: Bench) -> StrayWatch:
    return StrayWatch(clock=bench.clock, parts=bench.parts)


@pytest.mark.parametrize("place", ["beside", "within"])
def test_directory_that_no_journal_knows_is_a_standing_warning_until_it_is_gone(
    bench: Bench, watch: StrayWatch, place: str
) -> None:
    made = room(bench.directory if place == "beside" else bench.directory / "mysql")

    with capture_logs() as logs:
        watch.search()
        watch.search()

    [warning] = watch.warnings()
    assert str(made) in warning
    assert [entry["event"] for entry in logs] == ["restore.stray_directory"]
    assert (made / "old").is_dir()
    (made / "old").rmdir()
    made.rmdir()
    assert watch.warnings() == ()


def test_directory_of_a_known_restore_is_none(bench: Bench, watch: StrayWatch) -> None:
    room(bench.directory)
    bench.parts().journals.write(replace(JOURNAL, restore_id=RUN))

    watch.search()

    assert watch.warnings() == ()


def test_server_that_is_down_is_looked_at_where_its_last_backup_was(bench: Bench, watch: StrayWatch) -> None:
    bench.server.surveyed = Survey(error=ServerUnreachableError("down"), error_stage="login")
    elsewhere = bench.directory / "elsewhere"
    made = room(elsewhere)
    manifest = make_manifest()
    server = manifest.server.model_copy(update={"host_paths": {"data": str(elsewhere / "data")}})
    bench.catalog.add_backup(
        make_backup(server="oempro", manifest=manifest.model_copy(update={"server": server}).to_mapping())
    )

    watch.search()

    [warning] = watch.warnings()
    assert str(made) in warning


def test_it_looks_at_the_start_and_each_hour(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[str] = []
    monkeypatch.setattr(StrayWatch, "search", lambda _watch: searches.append("searched"))
    watch = StrayWatch(clock=bench.clock, parts=bench.parts)

    def look() -> int:
        watch.look()
        if watch._thread is not None:
            watch._thread.join()
        return len(searches)

    assert [look(), look()] == [1, 1]
    bench.clock.go(LOOK_EVERY.total_seconds())
    assert look() == 2
