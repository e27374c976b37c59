"""With keep = false a local copy goes when every other one is confirmed, and never before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, Origin, RunStatus
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.sync.comparison import CopyChange
from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.retention.local_keeping import confirm_local_keeping, note_local_keeping
from octeth_backupd.pipeline.spare_copies import is_spare, remove_spare_copy
from tests.fakes.runs import a_run
from tests.fakes.uploads import GONE, Remote, add_waiting_backup

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.spare_copies import Refusal
    from octeth_backupd.storage.base import StoredFile
    from tests.fakes.bench import Bench


class Spare:
    """A backup whose copies are everywhere."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.remotes = {name: Remote(name) for name in ("s3", "offsite")}
        self.backup: Backup = add_waiting_backup(bench, pending=("s3", "offsite"))
        for name, remote in self.remotes.items():
            key = self.backup.copies[0].key
            for suffix in ("", ".sha256", ".json"):
                remote.files[key + suffix] = (bench.backups / (key + suffix)).read_bytes()
            self.set_state(name, CopyState.PRESENT)
        self.context = bench.context(a_run(operation=Operation.UPLOAD))

    def set_state(self, storage: str, state: CopyState) -> None:
        now = self.bench.clock.now()
        self.bench.catalog.set_copy_state(self.backup.backup_id, storage, state, now, verified_at=now)

    def state(self, storage: str = "local") -> CopyState:
        copies = self.bench.catalog.backup(self.backup.backup_id).copies
        return next(copy.state for copy in copies if copy.storage == storage)

    def remove(self, *, away: set[str] = frozenset(), **changes: Any) -> Refusal | None:  # type: ignore[assignment]
        parts = self.bench.parts(
            **{"storages": (self.bench.storage, *self.remotes.values()), "keep_local": False} | changes
        )
        return remove_spare_copy(self.context, parts, self.backup.backup_id, away=away)

    @property
    def parts(self) -> Parts:
        return self.bench.parts(storages=(self.bench.storage, *self.remotes.values()), keep_local=False)

    def assert_kept(self) -> None:
        assert self.state() is CopyState.PRESENT
        assert len(self.bench.stored()) == 3


@pytest.fixture
def spare(bench: Bench) -> Spare:
    """A backup whose local copy is spare."""
    return Spare(bench)


def test_the_local_files_go_and_the_catalog_says_where_the_others_are(spare: Spare) -> None:
    assert spare.remove() is None

    local = spare.bench.catalog.backup(spare.backup.backup_id).copies[0]
    assert (local.state, local.detail) == (CopyState.DELETED, "not kept locally; it is in offsite, s3")
    assert spare.bench.stored() == []


def test_what_was_half_removed_is_removed_again(spare: Spare) -> None:
    spare.bench.storage.delete(f"{spare.backup.copies[0].key}.json")

    assert spare.remove() is None
    assert (spare.state(), spare.bench.stored()) == (CopyState.DELETED, [])


def test_a_copy_of_before_keep_became_false_goes_after_it_was_confirmed(spare: Spare) -> None:
    catalog = spare.bench.catalog
    note_local_keeping(catalog, keep_local=True, at=spare.backup.taken_at)
    note_local_keeping(catalog, keep_local=False, at=spare.backup.taken_at)

    assert spare.remove() is None
    spare.assert_kept()

    confirm_local_keeping(catalog, keep_local=False)
    assert spare.remove() is None
    assert spare.bench.stored() == []


def test_with_keep_nothing_is_removed(spare: Spare) -> None:
    assert spare.remove(keep_local=True) is None
    spare.assert_kept()


@pytest.mark.parametrize("state", [CopyState.PENDING, CopyState.UPLOADING, CopyState.MISSING, CopyState.CORRUPT])
def test_while_another_copy_is_not_where_it_belongs_the_local_one_stays(spare: Spare, state: CopyState) -> None:
    spare.set_state("offsite", state)

    assert spare.remove() is None
    spare.assert_kept()


def test_a_storage_that_is_not_configured_any_more_confirms_nothing(spare: Spare) -> None:
    assert spare.remove(storages=(spare.bench.storage, spare.remotes["s3"])) is None
    spare.assert_kept()


def test_a_storage_that_cannot_be_asked_keeps_the_local_copy(spare: Spare) -> None:
    spare.remotes["offsite"].failure = GONE

    refusal = spare.remove()

    assert refusal is not None
    assert (refusal.storage, refusal.reason, refusal.storage_failed) == ("offsite", "connection refused", True)
    spare.assert_kept()


def test_a_storage_that_failed_before_is_not_asked(spare: Spare) -> None:
    assert spare.remove(away={"s3"}) is None
    spare.assert_kept()
    assert spare.remotes["offsite"].asked == []


def test_a_copy_that_is_gone_behind_our_back_is_missing_and_keeps_the_local_one(spare: Spare) -> None:
    spare.remotes["s3"].files.clear()

    refusal = spare.remove()

    assert refusal is not None
    assert (refusal.storage, refusal.storage_failed) == ("s3", False)
    assert spare.state("s3") is CopyState.MISSING
    spare.assert_kept()


def test_nothing_is_removed_under_the_eyes_of_a_run_that_may_read_it(spare: Spare) -> None:
    spare.bench.catalog.add_run(a_run("reads", operation=Operation.VERIFY, status=RunStatus.RUNNING))

    assert spare.remove() is None
    spare.assert_kept()


def test_a_file_that_cannot_be_removed_leaves_the_catalog_as_it_was(
    spare: Spare, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(key: str) -> None:
        raise StorageError(f"{key}: read-only file system")

    monkeypatch.setattr(spare.bench.storage, "delete", busy)

    with pytest.raises(StorageError, match="read-only"):
        spare.remove()
    assert spare.state() is CopyState.PRESENT


def test_what_is_spare_is_known_without_asking_anybody(spare: Spare) -> None:
    parts = spare.bench.parts(storages=(spare.bench.storage, *spare.remotes.values()), keep_local=False)

    assert is_spare(parts, spare.bench.catalog.backup(spare.backup.backup_id))
    assert [remote.asked for remote in spare.remotes.values()] == [[], []]


def test_the_copy_of_another_installation_is_never_spare(spare: Spare) -> None:
    backup = spare.bench.catalog.backup(spare.backup.backup_id)

    assert is_spare(spare.parts, backup)
    assert not is_spare(spare.parts, replace(backup, installation_id="f" * 32))


def test_an_archive_of_the_bash_tool_is_never_spare(spare: Spare) -> None:
    backup = spare.bench.catalog.backup(spare.backup.backup_id)

    assert not is_spare(spare.parts, replace(backup, origin=Origin.LEGACY))


def test_a_copy_beside_one_that_was_never_verified_is_not_spare(spare: Spare) -> None:
    for state in (CopyState.MISSING, CopyState.PRESENT):  # there again, as a sync says it
        copy = next(one for one in spare.bench.catalog.backup(spare.backup.backup_id).copies if one.storage == "s3")
        spare.bench.catalog.found.change_copies([CopyChange(copy=copy, state=state)], spare.bench.clock.now())

    assert spare.remove() is None
    spare.assert_kept()


def test_while_the_others_are_being_deleted_the_local_copy_stays(spare: Spare, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = spare.bench.storage.stat

    def stat_beside_retention(key: str) -> StoredFile:
        for copy in spare.bench.catalog.backup(spare.backup.backup_id).copies:
            if copy.storage != "local" and copy.detail != EXPIRING:
                assert spare.bench.catalog.claims.claim(copy, staying={"local"})
        return stat(key)

    monkeypatch.setattr(spare.bench.storage, "stat", stat_beside_retention)

    assert spare.remove() is None
    spare.assert_kept()
