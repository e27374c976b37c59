"""What waits is submitted, one run at a time, less and less often while it fails, until it is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from octeth_backupd.daemon.coordinator import ActiveRun, Coordinator
from octeth_backupd.daemon.upload_watch import FIRST_DELAY, LONGEST_DELAY, UploadWatch
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, Tier, Trigger
from octeth_backupd.domain.events import CopyStored, CopyWaits, RunFinished
from octeth_backupd.domain.upload import Upload, UploadOrder
from octeth_backupd.errors import CatalogError
from octeth_backupd.pipeline.state_files import stale_states, write_states
from tests.fakes.catalog_values import START, make_backup
from tests.fakes.installation import INSTALLATION
from tests.fakes.uploads import Remote, add_waiting_backup

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup, Run
    from tests.fakes.bench import Bench

MINUTE = FIRST_DELAY.total_seconds()
HOUR = LONGEST_DELAY.total_seconds()


class Watched:
    """A watch over a real catalog and coordinator; runs begin, and end when told."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.begun: list[ActiveRun] = []
        self.remotes = {name: Remote(name) for name in ("s3", "offsite")}
        self.configure()
        self.coordinator = Coordinator(
            catalog=bench.catalog,
            bus=bench.bus,
            clock=bench.clock,
            work=self.begun.append,
            parts=lambda: self.parts,
            max_parallel_runs=1,
        )
        self.watch = UploadWatch(coordinator=self.coordinator, clock=bench.clock, parts=lambda: self.parts)
        bench.bus.subscribe(self.watch.follow)

    def configure(self, **changes: Any) -> None:
        self.parts = self.bench.parts(**{"storages": (self.bench.storage, *self.remotes.values())} | changes)

    def look(self) -> ActiveRun | None:
        """Look, and return the upload run that is active then."""
        self.watch.look()
        uploads = [active for active in self.coordinator.active() if active.run.operation is Operation.UPLOAD]
        return uploads[0] if uploads else None

    def order(self) -> UploadOrder:
        active = self.look()
        assert active is not None
        assert isinstance(active.order, UploadOrder)
        return active.order

    def end_all(self, status: RunStatus = RunStatus.SUCCESS) -> None:
        for active in self.coordinator.active():
            assert active.thread is not None
            active.thread.join()
            run = self.bench.catalog.update_run(active.run.run_id, status=status)
            self.bench.bus.publish(
                RunFinished(run_id=run.run_id, server=run.server, at=self.bench.clock.now(), run=run)
            )
            self.coordinator.finished(active)

    def stored(self, backup: Backup, storage: str = "s3") -> None:
        self.bench.bus.publish(
            CopyStored(
                run_id="r", server="oempro", at=self.bench.clock.now(), backup_id=backup.backup_id, storage=storage
            )
        )

    def waits(self, backup: Backup, storage: str = "s3", **how: bool) -> None:
        self.bench.bus.publish(
            CopyWaits(
                run_id="r",
                server=backup.server,
                at=self.bench.clock.now(),
                backup_id=backup.backup_id,
                storage=storage,
                **how,
            )
        )

    def set_state(self, backup: Backup, storage: str, state: CopyState) -> None:
        now = self.bench.clock.now()
        self.bench.catalog.set_copy_state(backup.backup_id, storage, state, now, verified_at=now)

    def backup_run(self) -> Run:
        return self.coordinator.submit(
            Operation.BACKUP,
            server="oempro",
            trigger=Trigger.MANUAL,
            requested_by="uid 0 (root)",
            wait=False,
            tiers=frozenset({Tier.MANUAL}),
        )


@pytest.fixture
def watched(bench: Bench) -> Watched:
    """Two remote storage backends, nothing waits."""
    return Watched(bench)


def test_nothing_waits_and_nothing_is_submitted(watched: Watched) -> None:
    assert watched.look() is None


def test_all_that_waits_of_the_server_with_the_oldest_backup_is_ordered(watched: Watched) -> None:
    newest = add_waiting_backup(watched.bench, pending=("s3", "offsite"))
    oldest = add_waiting_backup(watched.bench, 2)
    add_waiting_backup(watched.bench, 1, server="shop")

    active = watched.look()

    assert active is not None
    assert (active.run.server, active.run.trigger, active.run.requested_by) == ("oempro", Trigger.DAEMON, "daemon")
    assert active.order == UploadOrder(
        copies=frozenset({(newest.backup_id, "s3"), (newest.backup_id, "offsite"), (oldest.backup_id, "s3")}),
        storages=frozenset({"s3", "offsite"}),
    )


def test_one_run_at_a_time_and_the_next_server_after_it(watched: Watched) -> None:
    add_waiting_backup(watched.bench, 1)
    add_waiting_backup(watched.bench, server="shop")
    first = watched.look()
    second = watched.look()
    watched.end_all()
    third = watched.look()

    assert first is second
    assert third is not None
    assert third.run.server == "shop"


def test_an_upload_waits_for_no_turn_and_a_manual_backup_is_not_refused_for_it(watched: Watched) -> None:
    add_waiting_backup(watched.bench)
    upload = watched.look()
    backup = watched.backup_run()

    assert upload is not None
    assert [(active.run.run_id, active.is_running) for active in watched.coordinator.active()] == [
        (upload.run.run_id, True),
        (backup.run_id, True),
    ]


def test_what_a_run_has_just_made_is_for_that_run(watched: Watched) -> None:
    run = watched.backup_run()
    backup = add_waiting_backup(watched.bench, run_id=run.run_id)

    during = watched.look()
    watched.end_all()

    assert during is None
    assert watched.order().copies == {(backup.backup_id, "s3")}


def test_a_copy_that_a_run_which_is_no_more_was_uploading_is_brought(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench)
    watched.set_state(backup, "s3", CopyState.UPLOADING)

    assert watched.order().copies == {(backup.backup_id, "s3")}


def test_a_storage_that_fails_is_tried_less_and_less_often_and_at_last_once_an_hour(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench)
    tries = []
    for minute in range(250):
        if watched.look() is not None:
            tries.append(minute)
            watched.waits(backup, storage_failed=True)
            watched.end_all(RunStatus.FAILED)
        watched.bench.clock.go(MINUTE)

    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]


def test_a_storage_that_fails_keeps_no_other_from_being_tried(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench, pending=("s3", "offsite"))
    watched.waits(backup, "s3", storage_failed=True)

    assert watched.order() == UploadOrder(
        copies=frozenset({(backup.backup_id, "offsite")}), storages=frozenset({"offsite"})
    )


def test_what_arrives_ends_the_back_off_of_its_storage(watched: Watched) -> None:
    first, second = add_waiting_backup(watched.bench, 1), add_waiting_backup(watched.bench)
    for _ in range(5):
        watched.waits(first, storage_failed=True)
    watched.set_state(first, "s3", CopyState.PRESENT)
    watched.stored(first)

    assert watched.order().copies == {(second.backup_id, "s3")}


def test_a_copy_that_fails_alone_is_put_off_alone(watched: Watched) -> None:
    broken, good = add_waiting_backup(watched.bench, 1), add_waiting_backup(watched.bench)
    watched.waits(broken)

    assert watched.order().copies == {(good.backup_id, "s3")}
    watched.end_all()
    watched.bench.clock.go(MINUTE)
    assert watched.order().copies == {(broken.backup_id, "s3"), (good.backup_id, "s3")}


def test_a_run_that_left_something_undone_is_not_repeated_at_once(watched: Watched) -> None:
    add_waiting_backup(watched.bench)
    watched.look()
    watched.end_all()

    assert watched.look() is None
    watched.bench.clock.go(MINUTE)
    assert watched.look() is not None


def test_a_cancelled_run_is_not_repeated_for_an_hour(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench)
    watched.look()
    watched.waits(backup, was_cancelled=True)
    watched.end_all(RunStatus.CANCELLED)
    watched.bench.clock.go(HOUR - 1)
    before = watched.look()
    watched.bench.clock.go(1)

    assert before is None
    assert watched.look() is not None


def test_a_cancel_in_the_backups_own_run_counts_for_its_other_copies_too(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench, pending=("s3", "offsite"))
    watched.waits(backup, was_cancelled=True)

    assert watched.look() is None


def test_a_new_configuration_is_tried_at_once(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench)
    watched.waits(backup, storage_failed=True)
    watched.waits(backup)
    watched.waits(backup, was_cancelled=True)

    watched.watch.look_afresh()

    assert [active.run.operation for active in watched.coordinator.active()] == [Operation.UPLOAD]


def test_copies_of_a_storage_that_is_not_configured_any_more_wait_and_nothing_is_submitted(watched: Watched) -> None:
    add_waiting_backup(watched.bench, pending=("old",))

    assert watched.look() is None


def test_parts_that_are_left_over_are_discarded_by_a_run(watched: Watched) -> None:
    watched.bench.catalog.uploads.remember_upload(
        Upload(
            storage="s3", key="shop/daily/gone", upload_id="u", size_bytes=9, part_bytes=5, sha256="ab", begun_at=START
        )
    )

    active = watched.look()

    assert active is not None
    assert (active.run.server, active.order) == ("shop", UploadOrder(storages=frozenset({"s3", "offsite"})))


def test_a_spare_local_copy_is_removed_by_a_run_when_nothing_holds_its_server(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench)
    watched.set_state(backup, "s3", CopyState.PRESENT)
    kept = watched.look()
    watched.configure(keep_local=False)
    watched.backup_run()
    during = watched.look()
    watched.end_all()
    after = watched.look()

    assert (kept, during) == (None, None)
    assert after is not None
    assert after.run.server == "oempro"


def test_a_spare_local_copy_waits_for_the_storages_that_must_confirm_theirs(watched: Watched) -> None:
    watched.configure(keep_local=False)
    backup = add_waiting_backup(watched.bench)
    watched.set_state(backup, "s3", CopyState.PRESENT)
    watched.waits(backup, "s3", storage_failed=True)
    while_away = watched.look()
    watched.stored(backup, "s3")
    watched.waits(backup, "local")
    while_it_cannot_be_removed = watched.look()
    watched.bench.clock.go(MINUTE)

    assert (while_away, while_it_cannot_be_removed) == (None, None)
    assert watched.look() is not None


def test_the_next_try_is_that_of_the_copy_which_comes_first(watched: Watched) -> None:
    bench = watched.bench
    broken, good = add_waiting_backup(bench, 1), add_waiting_backup(bench)
    watched.waits(broken)
    only_broken = watched.watch.next_try_at(bench.catalog.uploads.waiting()[:1])

    assert only_broken == bench.clock.now() + FIRST_DELAY
    assert watched.watch.next_try_at(bench.catalog.uploads.waiting()) == bench.clock.now()
    assert watched.watch.next_try_at([]) is None
    assert good.backup_id != broken.backup_id


def test_a_daemon_that_stops_submits_nothing(watched: Watched) -> None:
    add_waiting_backup(watched.bench)
    watched.coordinator.stop(timeout_seconds=0)

    assert watched.look() is None


def test_a_catalog_that_cannot_be_read_is_logged_and_looked_at_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> list[Any]:
        raise CatalogError("locked")

    with monkeypatch.context() as patched, capture_logs() as lines:
        patched.setattr(watched.bench.catalog.uploads, "waiting", locked)
        watched.watch.look()
    add_waiting_backup(watched.bench)

    assert [line["event"] for line in lines] == ["upload.look_failed"]
    assert watched.look() is not None


def _pin(watched: Watched) -> None:
    backup = make_backup(installation_id=INSTALLATION, copies={"local": CopyState.PRESENT})
    watched.bench.catalog.add_backup(backup)
    watched.bench.catalog.holdings.pin(backup.backup_id, note="", by="uid 0", at=START)


def _write_states(watched: Watched) -> None:
    watched.bench.backups.mkdir(exist_ok=True)
    write_states(watched.bench.catalog, watched.parts.storages, watched.parts.servers)


def test_what_is_said_of_backups_is_written_by_an_upload_run(watched: Watched) -> None:
    before = watched.look()

    _pin(watched)

    assert before is None
    assert watched.order() == UploadOrder(storages=frozenset({"s3", "offsite"}))


def test_written_states_are_not_written_again_until_something_else_is_said(watched: Watched) -> None:
    _pin(watched)
    _write_states(watched)
    after = watched.look()

    watched.bench.catalog.holdings.pin(make_backup().backup_id, note="another", by="uid 0", at=START)

    assert after is None
    assert watched.look() is not None


def test_what_is_said_just_after_an_upload_run_is_written_at_once(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench)
    watched.look()
    watched.set_state(backup, "s3", CopyState.PRESENT)
    _write_states(watched)
    watched.end_all()
    watched.bench.catalog.holdings.pin(backup.backup_id, note="", by="root", at=watched.bench.clock.now())
    assert watched.look() is None  # what an upload run left undone waits a minute

    watched.watch.look_for_states("oempro")

    assert watched.look() is not None


def test_what_is_said_after_an_upload_was_cancelled_begins_none(watched: Watched) -> None:
    backup = add_waiting_backup(watched.bench)
    watched.look()
    watched.end_all(RunStatus.CANCELLED)
    watched.bench.catalog.holdings.pin(backup.backup_id, note="", by="root", at=watched.bench.clock.now())

    watched.watch.look_for_states("oempro")

    assert watched.look() is None


def test_state_that_cannot_be_written_is_put_off(watched: Watched) -> None:
    _pin(watched)
    for state in stale_states(watched.bench.catalog, watched.parts.storages, watched.parts.servers):
        watched.bench.bus.publish(
            CopyWaits(
                run_id="r",
                server="oempro",
                at=watched.bench.clock.now(),
                backup_id=state.key,
                storage=state.storage.name,
            )
        )

    at_once = watched.look()
    watched.bench.clock.go(MINUTE)

    assert at_once is None
    assert watched.look() is not None


def test_a_clock_that_was_ahead_when_a_backup_was_made_keeps_no_copy_waiting(watched: Watched) -> None:
    ahead = add_waiting_backup(watched.bench, -400)

    assert watched.watch.next_try_at(watched.bench.catalog.uploads.waiting()) == watched.bench.clock.now()
    assert watched.order().copies == {(ahead.backup_id, "s3")}


@pytest.mark.parametrize(("storage_failed", "was_cancelled"), [(True, False), (False, True), (False, False)])
def test_a_clock_that_was_ahead_when_something_failed_keeps_nothing_waiting(
    watched: Watched, storage_failed: bool, was_cancelled: bool
) -> None:
    backup = add_waiting_backup(watched.bench)
    watched.bench.clock.jump(400 * 86400)
    watched.waits(backup, storage_failed=storage_failed, was_cancelled=was_cancelled)

    watched.bench.clock.jump(-400 * 86400)

    assert watched.watch.next_try_at(watched.bench.catalog.uploads.waiting()) == watched.bench.clock.now()
    assert watched.look() is not None


def test_manifests_are_not_read_to_find_spare_local_copies(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def whole(backup_id: str) -> None:
        raise AssertionError(f"{backup_id} was read with its manifest")

    backup = add_waiting_backup(watched.bench)
    watched.set_state(backup, "s3", CopyState.PRESENT)
    watched.configure(keep_local=False)
    monkeypatch.setattr(watched.bench.catalog, "backup", whole)

    assert watched.look() is not None
