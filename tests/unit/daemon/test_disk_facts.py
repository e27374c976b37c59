"""File systems, as they are when nobody writes to them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.daemon import disk_facts
from octeth_backupd.daemon.coordinator import ActiveRun
from octeth_backupd.daemon.disk_facts import SAMPLES, DiskLook
from octeth_backupd.errors import StorageError
from octeth_backupd.process.files import FileSystemSpace
from tests.fakes.bench import INSTALLATION
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.runs import a_run

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.notices.standing import DiskFacts
    from tests.fakes.bench import Bench

GIB = 1 << 30


class Disks:
    """Two places whose room is the test's."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.free = 100 * GIB
        self.devices = {"backups": 1, ".workspace": 1}
        self.error: Exception | None = None
        self.watched = DiskLook(bench.catalog)
        monkeypatch.setattr(disk_facts, "free_bytes", self.space)

    def space(self, path: Path) -> FileSystemSpace:
        if self.error is not None:
            raise self.error
        return FileSystemSpace(total=200 * GIB, free=self.free, used_percent=50.0, device=self.devices[path.name])

    def look(
        self, *active: ActiveRun, open_keys: frozenset[str] = frozenset(), hours: float = 0
    ) -> tuple[DiskFacts, ...]:
        now = START + timedelta(hours=hours)
        return self.watched.look(self.bench.parts(), active, open_keys, now)

    def add_backup(self, **fields: Any) -> None:
        self.bench.catalog.add_backup(make_backup(installation_id=INSTALLATION, **fields))


@pytest.fixture
def disks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Disks:
    """One file system for backups and workspace."""
    return Disks(bench, monkeypatch)


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
    disks.watched = DiskLook(disks.bench.catalog)

    (one,) = disks.look(hours=8)

    assert [sample.at for sample in one.samples] == [START, START + timedelta(hours=7)]


def test_a_disk_that_cannot_be_asked_is_left_to_preflight(disks: Disks) -> None:
    disks.error = StorageError("input/output error")

    assert disks.look() == ()
