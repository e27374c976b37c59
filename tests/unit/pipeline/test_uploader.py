"""One copy at a time to where it belongs, with its state in the catalog at every moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation
from octeth_backupd.domain.events import CopyStored, CopyWaits, StepFinished, StepProgress, Warned
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.errors import CancelledError, CatalogError, StorageError
from octeth_backupd.pipeline.uploader import Uploader
from tests.fakes.installation import INSTALLATION
from tests.fakes.runs import a_run
from tests.fakes.uploads import GONE, Remote, add_waiting_backup

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup, Copy
    from tests.fakes.bench import Bench


class Waiting:
    """A backup whose copy waits, and an uploader."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.remote = Remote()
        self.backup: Backup = add_waiting_backup(bench)
        self.uploader = Uploader(
            bench.context(a_run(operation=Operation.UPLOAD)), bench.parts(storages=(bench.storage, self.remote))
        )

    def bring(self) -> None:
        backup = self.bench.catalog.backup(self.backup.backup_id)
        self.uploader.bring(backup, backup.copies[1])

    def copy(self, storage: str = "s3") -> Copy:
        copies = self.bench.catalog.backup(self.backup.backup_id).copies
        return next(copy for copy in copies if copy.storage == storage)

    def waits(self) -> list[tuple[str, bool, bool]]:
        return [
            (event.storage, event.storage_failed, event.was_cancelled)
            for event in self.bench.events
            if isinstance(event, CopyWaits)
        ]


@pytest.fixture
def waiting(bench: Bench) -> Waiting:
    """A copy waits for s3."""
    return Waiting(bench)


def test_a_copy_that_arrived_is_present_and_proven_stored(waiting: Waiting) -> None:
    waiting.bring()

    assert (waiting.copy().state, waiting.copy().detail) == (CopyState.PRESENT, "")
    (proof,) = waiting.bench.catalog.holdings.proofs(backup_id=waiting.backup.backup_id)
    assert (proof.level, proof.storage, proof.run_id) == (ProofLevel.STORED, "s3", waiting.bench.run.run_id)
    assert (waiting.uploader.stored, waiting.uploader.stored_bytes) == ([waiting.backup.backup_id], 10)
    assert [event.storage for event in waiting.bench.events if isinstance(event, CopyStored)] == ["s3"]


def test_it_is_uploading_while_it_is_and_its_key_is_known_before(waiting: Waiting) -> None:
    seen: list[Copy] = []
    waiting.remote.files[waiting.copy().key] = b"somebody else's"
    waiting.remote.while_putting = lambda key: seen.append(waiting.copy())

    waiting.bring()

    assert [copy.state for copy in seen] == [CopyState.UPLOADING]
    key = f"oempro/weekly/{INSTALLATION[:8]}/octeth-backup-2026-11-22_02-00-00.tar.zst"
    assert seen[0].key == waiting.copy().key == key


def test_progress_is_told_in_the_step_of_the_storage(waiting: Waiting) -> None:
    waiting.bring()

    progress = [event for event in waiting.bench.events if isinstance(event, StepProgress)]
    assert (progress[-1].step, progress[-1].done_bytes, progress[-1].total_bytes) == ("upload s3", 10, 10)


@pytest.mark.parametrize(("error", "blames_storage"), [(GONE, True), (StorageError("access denied"), False)])
def test_a_copy_that_does_not_arrive_is_pending_with_the_reason(
    waiting: Waiting, error: StorageError, blames_storage: bool
) -> None:
    waiting.remote.put_failure = error

    waiting.bring()

    assert (waiting.copy().state, waiting.copy().detail) == (CopyState.PENDING, error.message)
    assert waiting.uploader.problems == [f"s3: {waiting.backup.backup_id} is pending: {error.message}"]
    assert waiting.waits() == [("s3", blames_storage, False)]
    assert any(isinstance(event, Warned) for event in waiting.bench.events)


def test_what_to_do_about_it_is_told_where_the_copy_is_shown(waiting: Waiting) -> None:
    waiting.remote.put_failure = StorageError("access denied", hint="Allow s3:PutObject.")

    waiting.bring()

    assert waiting.copy().detail == "access denied (Allow s3:PutObject.)"


def test_a_storage_that_failed_is_not_asked_again_in_the_same_run(waiting: Waiting) -> None:
    waiting.remote.failure = GONE
    waiting.bring()
    asked = len(waiting.remote.asked)

    waiting.bring()

    assert len(waiting.remote.asked) == asked
    assert len(waiting.uploader.problems) == 1


def test_a_copy_whose_source_was_deleted_is_missing_and_that_is_said(waiting: Waiting) -> None:
    waiting.bench.catalog.set_copy_state(
        waiting.backup.backup_id, "local", CopyState.DELETED, waiting.bench.clock.now()
    )

    waiting.bring()

    assert waiting.copy().state is CopyState.MISSING
    assert waiting.copy().detail.startswith("never arrived: ")
    assert "never arrived and never will" in waiting.uploader.problems[0]
    assert waiting.remote.asked == []


@pytest.mark.parametrize("state", [CopyState.PRESENT, CopyState.MISSING])
def test_a_copy_whose_source_is_not_to_be_seen_waits_until_it_is(waiting: Waiting, state: CopyState) -> None:
    archive = waiting.bench.backups / waiting.copy("local").key
    elsewhere = archive.rename(waiting.bench.directory / "unmounted")
    waiting.bench.catalog.set_copy_state(waiting.backup.backup_id, "local", state, waiting.bench.clock.now())

    waiting.bring()

    assert waiting.copy().state is CopyState.PENDING
    assert waiting.copy().detail.startswith("the local archive is not there: ")
    assert waiting.copy("local").state is state
    assert waiting.waits() == [("s3", False, False)]
    assert "is pending" in waiting.uploader.problems[0]

    elsewhere.rename(archive)
    waiting.bring()

    assert waiting.copy().state is CopyState.PRESENT


def test_a_damaged_local_archive_is_not_uploaded(waiting: Waiting) -> None:
    waiting.bench.catalog.set_copy_state(
        waiting.backup.backup_id, "local", CopyState.CORRUPT, waiting.bench.clock.now(), detail="its SHA-256 is other"
    )

    waiting.bring()

    assert (waiting.copy().state, waiting.copy().detail) == (
        CopyState.PENDING,
        "the local archive is damaged: its SHA-256 is other",
    )
    assert waiting.remote.asked == []


def test_a_local_disk_that_is_away_is_no_reason_to_give_a_copy_up_or_to_blame_the_storage(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(key: str) -> None:
        raise StorageError("nothing is mounted on /backup", retryable=True)

    monkeypatch.setattr(waiting.bench.storage, "stat", away)

    waiting.bring()

    assert waiting.copy().state is CopyState.PENDING
    assert waiting.waits() == [("s3", False, False)]


def test_a_cancel_leaves_the_copy_pending_and_ends_the_run(waiting: Waiting) -> None:
    waiting.remote.while_putting = lambda _key: waiting.bench.cancellation.cancel(CancelledError("cancelled by uid 0"))

    with pytest.raises(CancelledError):
        waiting.bring()

    assert (waiting.copy().state, waiting.copy().detail) == (CopyState.PENDING, "cancelled by uid 0")
    assert waiting.waits() == [("s3", False, True)]
    assert waiting.remote.files == {}


def test_a_defect_leaves_the_copy_pending(waiting: Waiting) -> None:
    def defect(_key: str) -> None:
        raise ZeroDivisionError

    waiting.remote.while_putting = defect

    with pytest.raises(ZeroDivisionError):
        waiting.bring()

    assert (waiting.copy().state, waiting.copy().detail) == (CopyState.PENDING, "internal error: ZeroDivisionError")


def test_a_copy_that_was_deleted_before_it_began_is_not_sent(waiting: Waiting) -> None:
    backup = waiting.bench.catalog.backup(waiting.backup.backup_id)
    waiting.bench.catalog.set_copy_state(backup.backup_id, "s3", CopyState.DELETED, waiting.bench.clock.now())

    waiting.uploader.bring(backup, backup.copies[1])

    assert (waiting.remote.files, waiting.uploader.problems) == ({}, [])
    assert waiting.copy().state is CopyState.DELETED


@pytest.mark.parametrize("can_be_taken_back", [True, False])
def test_a_copy_that_was_deleted_meanwhile_is_taken_back(waiting: Waiting, can_be_taken_back: bool) -> None:
    def delete(_key: str) -> None:
        waiting.bench.catalog.set_copy_state(
            waiting.backup.backup_id, "s3", CopyState.DELETED, waiting.bench.clock.now()
        )

    def refuse(key: str) -> None:
        raise StorageError("access denied")

    waiting.remote.while_putting = delete
    if not can_be_taken_back:
        waiting.remote.delete = refuse  # type: ignore[method-assign]

    waiting.bring()

    assert waiting.copy().state is CopyState.DELETED
    assert (waiting.remote.files == {}) is can_be_taken_back
    assert bool(waiting.uploader.problems) is not can_be_taken_back
    assert waiting.bench.catalog.holdings.proofs() == []


def test_a_copy_that_a_sync_found_whole_meanwhile_has_arrived_and_stays(waiting: Waiting) -> None:
    def found(_key: str) -> None:
        waiting.bench.catalog.set_copy_state(
            waiting.backup.backup_id, "s3", CopyState.PRESENT, waiting.bench.clock.now(), detail="found whole by a sync"
        )

    waiting.remote.while_putting = found

    waiting.bring()

    assert len(waiting.remote.files) == 3
    assert (waiting.copy().state, waiting.uploader.problems) == (CopyState.PRESENT, [])
    assert [proof.level for proof in waiting.bench.catalog.holdings.proofs()] == [ProofLevel.STORED]
    assert [event.storage for event in waiting.bench.events if isinstance(event, CopyStored)] == ["s3"]


@pytest.mark.parametrize(("state", "key"), [(CopyState.PRESENT, "oempro/weekly/elsewhere"), (CopyState.MISSING, None)])
def test_files_of_a_copy_that_became_something_else_meanwhile_are_left_and_that_is_said(
    waiting: Waiting, state: CopyState, key: str | None
) -> None:
    def change(_key: str) -> None:
        waiting.bench.catalog.set_copy_state(waiting.backup.backup_id, "s3", state, waiting.bench.clock.now(), key=key)

    waiting.remote.while_putting = change

    waiting.bring()

    assert len(waiting.remote.files) == 3
    assert "its files were left where they are" in waiting.uploader.problems[0]
    assert (waiting.bench.catalog.holdings.proofs(), waiting.uploader.stored) == ([], [])


def test_a_copy_whose_deletion_was_begun_meanwhile_is_taken_back(waiting: Waiting) -> None:
    def expire(_key: str) -> None:
        waiting.bench.catalog.set_copy_state(
            waiting.backup.backup_id, "s3", CopyState.PRESENT, waiting.bench.clock.now(), detail=EXPIRING
        )

    waiting.remote.while_putting = expire

    waiting.bring()

    assert waiting.remote.files == {}


def test_a_catalog_that_cannot_be_written_ends_the_run(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_arguments: object, **_more: object) -> bool:
        raise CatalogError("locked")

    monkeypatch.setattr(waiting.bench.catalog.uploads, "begin_copy", locked)

    with pytest.raises(CatalogError):
        waiting.bring()

    assert waiting.remote.files == {}
    assert [event.error for event in waiting.bench.events if isinstance(event, StepFinished)] == ["locked"]
