"""File systems, as they are when nobody writes to them."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.daemon.coordinator import ActiveRun
from octeth_backupd.daemon.disk_facts import SAMPLES, DiskLook
from octeth_backupd.daemon.room import Room
from octeth_backupd.errors import StorageError
from octeth_backupd.process.files import FileSystemSpace
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.installation import INSTALLATION
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.notices.standing import DiskFacts
    from tests.fakes.bench import Bench

GIB = 1 << 30


class Disks:
    """Two places whose room is the test's."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.free = 100 * GIB
        self.devices = {"backups": 1, ".workspace": 1}
        self.error: Exception | None = None
        self.watched = self.another_look()
        self.answers = threading.Event()
        self.answers.set()

    def another_look(self) -> DiskLook:
        return DiskLook(self.bench.catalog, room=Room(self.space, answer_seconds=0.2))

    def space(self, path: Path) -> FileSystemSpace:
        self.answers.wait(20)
        if self.error is not None:
            raise self.error
        return FileSystemSpace(total=200 * GIB, free=self.free, used_percent=50.0, device=self.devices[path.name])

    def look(
        self, *active: ActiveRun, open_keys: frozenset[str] = frozenset(), hours: float = 0
    ) -> tuple[DiskFacts, ...]:
        now = START + timedelta(hours=hours)
        return self.watched.look(self.bench.parts(), active, open_keys, now)

    def silent(self, *, hours: float, open_keys: frozenset[str] = frozenset()) -> list[str]:
        self.look(hours=hours)
        return [Path(one.path).name for one in self.watched.silent(open_keys, START + timedelta(hours=hours))]

    def add_backup(self, **fields: Any) -> None:
        self.bench.catalog.add_backup(make_backup(installation_id=INSTALLATION, **fields))


@pytest.fixture
def disks(bench: Bench) -> Iterator[Disks]:
    """One file system for backups and workspace."""
    disks = Disks(bench)
    yield disks
    disks.answers.set()
    join_askers()


def join_askers() -> None:
    for thread in threading.enumerate():
        if thread.name == "room":
            thread.join(20)


def running(disks: Disks) -> ActiveRun:
    return ActiveRun(run=a_run(), parts=disks.bench.parts(), is_running=True)


def test_what_shares_a_file_system_is_one_disk(disks: Disks) -> None:
    (one,) = disks.look()
    disks.devices[".workspace"] = 2

    assert one.file_system.path.endswith("backups")
    assert len(disks.look()) == 2


def test_the_next_backup_is_expected_to_be_as_large_as_the_last(disks: Disks) -> None:
    nothing_known = disks.look()[0].shortage
    disks.add_backup(data_bytes=90 * GIB, archive_bytes=30 * GIB)

    shortage = disks.look()[0].shortage

    assert nothing_known is None
    assert shortage is not None
    assert shortage.needed_bytes == 138 * GIB  # data, 20 percent of it, the archive


def test_a_disk_that_was_too_small_is_large_enough_when_a_little_more_fits(disks: Disks) -> None:
    disks.add_backup(data_bytes=60 * GIB, archive_bytes=26 * GIB)  # 98 GiB
    (one,) = disks.look()

    (still,) = disks.look(open_keys=frozenset({f"disk:{one.file_system.path}/next"}))

    assert one.shortage is None
    assert still.shortage is not None


def test_a_run_that_writes_is_waited_for(disks: Disks) -> None:
    before = disks.look()
    disks.free = GIB

    during = disks.look(running(disks), hours=12)

    assert during == before
    assert disks.look(hours=13) != before
    assert len(json.loads(disks.bench.catalog.meta(SAMPLES) or "")[before[0].file_system.path]) == 2


def test_samples_outlive_the_daemon(disks: Disks) -> None:
    disks.look()
    disks.look(hours=7)
    disks.watched = disks.another_look()

    (one,) = disks.look(hours=8)

    assert [sample.at for sample in one.samples] == [START, START + timedelta(hours=7)]


def test_a_disk_that_cannot_be_asked_is_left_to_preflight(disks: Disks) -> None:
    disks.error = StorageError("input/output error")

    assert disks.look() == ()


def test_a_file_system_that_does_not_answer_holds_nobody_up_and_what_was_seen_of_it_counts(disks: Disks) -> None:
    before = disks.look()
    disks.answers.clear()

    assert disks.look(hours=7) == before


def test_a_file_system_that_does_not_answer_for_two_minutes_is_known_until_it_does(disks: Disks) -> None:
    disks.answers.clear()
    at_first = disks.silent(hours=0)
    later = disks.silent(hours=0.05)
    disks.answers.set()
    join_askers()

    assert at_first == []
    assert later == ["backups"]  # not what lies in it, too
    assert disks.silent(hours=0.1) == []


def test_what_is_wrong_with_a_file_system_is_not_over_because_it_does_not_answer_after_a_start(disks: Disks) -> None:
    path = disks.bench.parts().backup_directory
    disks.answers.clear()

    assert disks.silent(hours=0, open_keys=frozenset({f"disk:{path}/next"})) == ["backups"]


def test_a_file_system_is_asked_during_a_run_too(disks: Disks) -> None:
    disks.look()
    disks.answers.clear()
    disks.look(running(disks))
    disks.look(running(disks), hours=1)

    assert disks.watched.silent(frozenset(), START + timedelta(hours=1))
