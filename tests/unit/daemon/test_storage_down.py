"""A storage backend is down for a day: backups go on, everybody can see it, and everything is there afterwards."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import pytest

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.run_recorder import RunRecorder
from octeth_backupd.daemon.run_worker import RunWorker
from octeth_backupd.daemon.upload_views import upload_views
from octeth_backupd.daemon.upload_watch import UploadWatch
from octeth_backupd.domain.backup import CopyState, Operation, Run, RunStatus, Tier, Trigger
from octeth_backupd.pipeline.operations import OPERATIONS
from tests.fakes.installation import INSTALLATION
from tests.fakes.storage import backup_files
from tests.fakes.uploads import GONE, Remote

if TYPE_CHECKING:
    from octeth_backupd.domain.upload_status import StorageUploads
    from octeth_backupd.scheduling.ledger import SlotLedger
    from tests.fakes.bench import Bench

STEP_MINUTES = 5
DAY_STEPS = 24 * 60 // STEP_MINUTES


class Installation:
    """The daemon's own parts around a fake engine and two remote storage backends; time passes when told."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.s3, self.offsite = Remote("s3"), Remote("offsite")
        self.keep_local = True
        self.recorder = RunRecorder(bench.catalog)
        self.start()

    def start(self) -> None:
        """Begin with nothing in memory, as after a restart."""
        bench = self.bench
        self.parts = bench.parts(storages=(bench.storage, self.s3, self.offsite), keep_local=self.keep_local)
        worker = RunWorker(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            installation_id=INSTALLATION,
            operations=OPERATIONS,
            ledger=lambda: cast("SlotLedger", None),
            released=self._released,
        )
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=worker.work,
            parts=lambda: self.parts,
            max_parallel_runs=1,
        )
        self.watch = UploadWatch(coordinator=self.coordinator, clock=bench.clock, parts=lambda: self.parts)
        bench.bus.subscribe(self.watch.follow)
        self.watch.look()
        self.settle()

    def _released(self, active: ActiveRun) -> None:
        self.coordinator.finished(active)
        self.watch.look()

    def settle(self) -> None:
        """Wait until no run goes on."""
        while active := self.coordinator.active():
            for one in active:
                if one.thread is not None:
                    one.thread.join(30)

    def go(self, hours: int) -> None:
        for _ in range(hours * 60 // STEP_MINUTES):
            self.step()

    def step(self) -> None:
        self.bench.clock.go(STEP_MINUTES * 60)
        self.watch.look()
        self.settle()

    def back_up(self) -> Run:
        run = self.coordinator.submit(
            Operation.BACKUP,
            server="oempro",
            trigger=Trigger.MANUAL,
            requested_by="uid 0 (root)",
            wait=False,
            tiers=frozenset({Tier.DAILY}),
        )
        self.settle()
        return self.bench.catalog.run(run.run_id)

    def uploads(self, storage: str = "s3") -> StorageUploads:
        views = upload_views(self.parts, self.watch, self.recorder, self.coordinator.active())
        return next(view for view in views if view.storage == storage)

    def states(self, storage: str) -> set[CopyState]:
        backups = self.bench.catalog.backups(server="oempro")
        return {copy.state for backup in backups for copy in backup.copies if copy.storage == storage}

    def assert_all_are_in(self, *remotes: Remote) -> None:
        for backup in self.bench.catalog.backups(server="oempro"):
            for remote in remotes:
                key = next(copy.key for copy in backup.copies if copy.storage == remote.name)
                assert hashlib.sha256(remote.files[key]).hexdigest() == backup.sha256
                assert {f"{key}.sha256", f"{key}.json"} <= set(remote.files)


@pytest.fixture
def installation(bench: Bench) -> Installation:
    """Everything works."""
    return Installation(bench)


def test_a_day_without_a_storage_costs_nothing_but_time(installation: Installation) -> None:
    bench, s3 = installation.bench, installation.s3
    s3.failure = GONE
    runs, seen = [], []
    for number in range(DAY_STEPS):
        if number % (DAY_STEPS // 4) == 0:
            runs.append(installation.back_up())
        installation.step()
        view = installation.uploads()
        seen.append((view.pending_copies, view.last_error, view.next_try_at is not None))
    local_meanwhile = len(bench.stored())
    tries = sum(run.operation is Operation.UPLOAD for run in bench.catalog.runs(limit=1000))
    s3.failure = None
    installation.go(hours=1)

    assert [run.status for run in runs] == 4 * [RunStatus.DEGRADED]
    assert {pending for pending, _, _ in seen} == {1, 2, 3, 4}
    assert {(error, has_next) for _, error, has_next in seen} == {("connection refused", True)}
    assert local_meanwhile == 4 * 3
    assert 20 <= tries <= 40  # once an hour, more often at first
    assert installation.uploads().pending_copies == 0
    assert installation.states("s3") == installation.states("offsite") == {CopyState.PRESENT}
    installation.assert_all_are_in(s3, installation.offsite)


def test_what_is_not_kept_locally_is_kept_for_as_long_as_a_storage_is_down(installation: Installation) -> None:
    installation.keep_local = False
    installation.start()
    installation.s3.failure = GONE
    installation.back_up()
    installation.go(hours=3)
    stored_meanwhile = len(installation.bench.stored())
    installation.s3.failure = None
    installation.go(hours=1)

    assert stored_meanwhile == 3
    assert installation.bench.stored() == []
    assert installation.states("local") == {CopyState.DELETED}
    installation.assert_all_are_in(installation.s3, installation.offsite)


def test_a_restart_tries_at_once_what_waited(installation: Installation) -> None:
    installation.s3.failure = GONE
    installation.back_up()
    installation.go(hours=1)
    installation.s3.failure = None

    installation.start()

    assert installation.states("s3") == {CopyState.PRESENT}


def test_a_backup_of_another_installation_in_the_same_second_is_not_touched(installation: Installation) -> None:
    installation.back_up()
    theirs = {key: installation.s3.files[key] + b"!" for key in backup_files(installation.s3)}
    bench = installation.bench
    backup = bench.catalog.backups(server="oempro")[0]
    installation.s3.files = dict(theirs)
    bench.catalog.set_copy_state(backup.backup_id, "s3", CopyState.PENDING, bench.clock.now())

    installation.step()

    copy = next(copy for copy in bench.catalog.backup(backup.backup_id).copies if copy.storage == "s3")
    assert (copy.state, copy.key) == (CopyState.PRESENT, f"oempro/daily/{INSTALLATION[:8]}/{backup.archive_name}")
    assert {key: installation.s3.files[key] for key in theirs} == theirs
    installation.assert_all_are_in(installation.s3)
