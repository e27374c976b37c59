"""What retention is told of a server."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.backup import CopyState, Mode, Origin, Tier, Trigger
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.retention.copy_detail import EXPIRING, locked_detail
from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts
from tests.fakes.catalog_values import START, make_backup, make_copy

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

DAY = timedelta(days=1)
REMOTE = {"local": False, "s3": True}


def test_backup_is_told_with_all_that_decides(catalog: Catalog) -> None:
    catalog.installations.set_own("own")
    backup = make_backup(
        trigger=Trigger.MANUAL,
        tier=Tier.MANUAL,
        installation_id="own",
        suspect="tiny",
        copies={},
    )
    copies = (
        make_copy(backup.backup_id, verified_at=START),
        make_copy(backup.backup_id, "s3", CopyState.RETAINED, detail=locked_detail(START + DAY)),
        make_copy(backup.backup_id, "tape", detail=EXPIRING),
        make_copy(backup.backup_id, "gone", CopyState.DELETED),
    )
    catalog.add_backup(backup)
    for copy in copies:
        catalog.add_copy(copy)
    catalog.holdings.pin(backup.backup_id, note="", by="me", at=START)

    found = catalog.stock.of("oempro", remote=REMOTE)

    assert found == (
        BackupFacts(
            backup_id=backup.backup_id,
            taken_at=START,
            tier=Tier.MANUAL,
            is_manual=True,
            suspect="tiny",
            is_pinned=True,
            proof_level=ProofLevel.PREPARED,
            copies=(
                CopyFacts(storage="local", state=CopyState.PRESENT, size_bytes=2000, verified_at=START),
                CopyFacts(
                    storage="s3",
                    state=CopyState.RETAINED,
                    size_bytes=2000,
                    is_remote=True,
                    retained_until=START + DAY,
                ),
                CopyFacts(storage="tape", state=CopyState.PRESENT, size_bytes=2000, is_remote=True, is_expiring=True),
            ),
        ),
    )


def test_newest_comes_first_and_what_has_no_copy_left_is_left_out(catalog: Catalog) -> None:
    for day in range(3):
        state = CopyState.DELETED if day == 1 else CopyState.PRESENT
        catalog.add_backup(make_backup(taken_at=START + day * DAY, copies={"local": state}))
    catalog.add_backup(make_backup("shop"))

    found = catalog.stock.of("oempro", remote=REMOTE)

    assert [one.taken_at for one in found] == [START + 2 * DAY, START]


def test_backups_are_ours_when_they_are_our_own_or_taken_over(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(installation_id="own"))
    catalog.add_backup(make_backup(taken_at=START + DAY, installation_id="lost"))
    catalog.add_backup(make_backup(taken_at=START + 2 * DAY, installation_id="other"))
    assert not any(one.is_ours for one in catalog.stock.of("oempro", remote=REMOTE))

    catalog.installations.set_own("own")
    catalog.installations.adopt("lost", by="me", at=START)

    assert [one.is_ours for one in catalog.stock.of("oempro", remote=REMOTE)] == [False, True, True]


def test_highest_proof_counts_and_never_less_than_a_run_here_has_shown(catalog: Catalog) -> None:
    own, streamed, legacy = (
        make_backup(taken_at=START + day * DAY, mode=mode, origin=origin)
        for day, mode, origin in (
            (0, Mode.PREPARED, Origin.OWN),
            (1, Mode.STREAMED, Origin.OWN),
            (2, Mode.PREPARED, Origin.LEGACY),
        )
    )
    for backup in (own, streamed, legacy):
        catalog.add_backup(backup)
    for backup_id, level in (
        (own.backup_id, ProofLevel.STARTED),
        (own.backup_id, ProofLevel.READ_BACK),
        (legacy.backup_id, ProofLevel.READ_BACK),
        (streamed.backup_id, ProofLevel.STORED),
    ):
        catalog.holdings.add_proof(Proof(backup_id=backup_id, level=level, storage="local", proven_at=START))

    found = {one.backup_id: one.proof_level for one in catalog.stock.of("oempro", remote=REMOTE)}

    assert found == {
        own.backup_id: ProofLevel.STARTED,
        streamed.backup_id: ProofLevel.CONSISTENT,
        legacy.backup_id: ProofLevel.READ_BACK,
    }


def test_unpinned_backup_is_not_pinned(catalog: Catalog) -> None:
    backup = make_backup(origin=Origin.LEGACY)
    catalog.add_backup(backup)
    catalog.holdings.pin(backup.backup_id, note="", by="me", at=START)
    catalog.holdings.unpin(backup.backup_id, by="me", at=START)

    (found,) = catalog.stock.of("oempro", remote=REMOTE)

    assert (found.is_pinned, found.is_adopted, found.proof_level) == (False, True, None)


def _uploaded(catalog: Catalog, **changes: Any) -> CopyFacts:
    """Return the facts of a copy that a storage backend confirmed at START, after one more change of its row."""
    backup = make_backup(copies={})
    catalog.add_backup(backup)
    catalog.add_copy(make_copy(backup.backup_id, "s3"))
    catalog.holdings.add_proof(
        Proof(backup_id=backup.backup_id, level=ProofLevel.STORED, storage="s3", proven_at=START)
    )
    if changes:
        catalog.set_copy_state(backup.backup_id, "s3", **changes)
    [facts] = catalog.stock.of("oempro", remote=REMOTE)
    return facts.copies[0]


def test_digests_that_a_storage_backend_confirmed_verify_a_copy(catalog: Catalog) -> None:
    assert _uploaded(catalog).verified_at == START


def test_copy_that_was_lost_and_came_back_is_not_verified_by_what_was_confirmed_before(catalog: Catalog) -> None:
    assert _uploaded(catalog, state=CopyState.PRESENT, at=START + DAY).verified_at is None


def test_object_lock_does_not_end_what_was_confirmed(catalog: Catalog) -> None:
    locked = _uploaded(catalog, state=CopyState.RETAINED, at=START + DAY, detail=locked_detail(START + 9 * DAY))

    assert locked.is_verified
