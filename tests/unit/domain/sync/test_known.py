"""The catalog's backups, as a sync looks them up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.sync.known import KnownBackups
from tests.fakes.catalog_values import START, make_backup, make_copy

OURS, THEIRS = "1" * 32, "2" * 32


def test_an_id_means_the_backup_of_the_installation_that_says_it() -> None:
    ours = make_backup(installation_id=OURS)
    theirs = make_backup(installation_id=THEIRS, copies={})
    theirs = replace(theirs, backup_id=f"{ours.backup_id}-22222222")
    known = KnownBackups([ours, theirs])

    assert known.same(ours.backup_id, OURS) == ours
    assert known.same(ours.backup_id, THEIRS) == theirs
    assert known.same(theirs.backup_id, THEIRS) == theirs
    assert known.same(ours.backup_id, "3" * 32) is None


def test_an_id_that_another_installation_gave_its_tail_is_found_without_it() -> None:
    ours = make_backup(installation_id=OURS)

    assert KnownBackups([ours]).same(f"{ours.backup_id}-11111111", OURS) == ours


def test_the_second_backup_of_an_id_gets_the_tail_of_its_installation() -> None:
    ours = make_backup(installation_id=OURS)

    assert KnownBackups([]).free_id(ours.backup_id, THEIRS) == ours.backup_id
    assert KnownBackups([ours]).free_id(ours.backup_id, THEIRS) == f"{ours.backup_id}-22222222"


def test_of_two_copies_under_one_key_the_one_that_was_not_deleted_counts() -> None:
    old = make_backup(taken_at=START - timedelta(days=1), copies={})
    new = make_backup(copies={})
    copies = [
        make_copy(old.backup_id, key="k", state=CopyState.DELETED),
        make_copy(new.backup_id, key="k"),
        make_copy(new.backup_id, "s3", key="other"),
    ]
    for order in (copies, copies[::-1]):
        known = KnownBackups([old, new])
        for copy in order:
            known.add_copy(copy)
        assert {key: copy.backup_id for key, copy in known.copies_in("local").items()} == {"k": new.backup_id}


def test_a_copy_is_read_only_from_a_storage_that_is_asked_for() -> None:
    backup = make_backup(copies={"local": CopyState.MISSING, "s3": CopyState.PRESENT, "old-s3": CopyState.PRESENT})

    assert KnownBackups([backup]).readable_in(["local", "s3"]) == {backup.backup_id: {"s3"}}


def test_what_did_not_come_into_the_catalog_is_forgotten_with_its_copies() -> None:
    backup = make_backup()
    known = KnownBackups([backup])

    known.forget(backup.backup_id)

    assert (known.backup(backup.backup_id), known.copies_in("local")) == (None, {})


def test_installations_are_told_with_what_can_be_read_of_them_own_first() -> None:
    known = KnownBackups(
        [
            make_backup(installation_id=THEIRS),
            make_backup(server="shop", taken_at=START - timedelta(days=1), installation_id=OURS),
            make_backup(server="shop", taken_at=START, installation_id=OURS, copies={"local": CopyState.DELETED}),
        ]
    )

    own, other = known.installations(own=OURS, ours=frozenset({OURS}))

    assert (own.installation_id, own.is_own, own.is_ours, own.backups) == (OURS, True, True, 1)
    assert (own.newest, own.servers) == ("shop-2026-11-21_02-00-00", ("shop",))
    assert (other.installation_id, other.is_ours, other.backups) == (THEIRS, False, 1)
