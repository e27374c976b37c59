"""What a sync found, written beside runs that go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, RunStatus
from octeth_backupd.domain.sync.comparison import CopyChange
from tests.fakes.catalog_values import START, make_backup, make_copy, make_run

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

LATER = START + timedelta(hours=1)


def test_backups_come_in_with_manifest_and_copies(catalog: Catalog) -> None:
    backup = make_backup()

    assert catalog.found.add_backups([backup]) == {backup.backup_id}
    assert catalog.backup(backup.backup_id) == backup


def test_an_id_that_is_taken_stays_as_it_was(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    other = make_backup(taken_at=START - timedelta(days=1))

    added = catalog.found.add_backups([replace(backup, sha256="ff" * 32), other])

    assert added == {other.backup_id}
    assert catalog.backup(backup.backup_id) == backup


def test_a_backup_is_left_to_its_own_run_until_that_is_over(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_run(make_run(backup.run_id, status=RunStatus.RUNNING))

    assert catalog.found.add_backups([backup]) == set()

    catalog.update_run(backup.run_id, status=RunStatus.INTERRUPTED)
    assert catalog.found.add_backups([backup]) == {backup.backup_id}


def test_a_note_is_set_with_new_backups_of_ours_and_with_no_others(catalog: Catalog) -> None:
    ours, theirs = make_backup(), make_backup(server="shop", installation_id="theirs")
    being_made = make_backup(server="web")
    catalog.add_run(make_run(being_made.run_id, status=RunStatus.RUNNING))
    catalog.add_backup(ours)
    own, note = {ours.installation_id}, ("name", "value")

    catalog.found.add_backups([ours, theirs, being_made], ours=own, note=note)
    assert catalog.meta("name") is None

    catalog.found.add_backups([make_backup(taken_at=LATER)], ours=own, note=note)
    assert catalog.meta("name") == "value"


def test_a_copy_comes_in_once(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    copy = make_copy(backup.backup_id, "s3", CopyState.CORRUPT)

    assert (catalog.found.add_copies([copy]), catalog.found.add_copies([copy])) == (1, 0)
    assert copy in catalog.backup(backup.backup_id).copies


def test_a_copy_changes_and_is_not_verified_any_more(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    catalog.set_copy_state(backup.backup_id, "local", CopyState.PRESENT, at=START, verified_at=START)
    copy = catalog.backup(backup.backup_id).copies[0]
    change = CopyChange(copy=copy, state=CopyState.MISSING, detail="gone", key="elsewhere")

    assert catalog.found.change_copies([change], LATER) == [change]

    (changed,) = catalog.backup(backup.backup_id).copies
    assert (changed.state, changed.detail, changed.key) == (CopyState.MISSING, "gone", "elsewhere")
    assert (changed.verified_at, changed.updated_at) == (None, LATER)


def test_a_copy_that_somebody_else_changed_meanwhile_stays_as_that_left_it(catalog: Catalog) -> None:
    backup = make_backup()
    catalog.add_backup(backup)
    seen = backup.copies[0]
    catalog.set_copy_state(backup.backup_id, "local", CopyState.DELETED, at=LATER)

    assert catalog.found.change_copies([CopyChange(copy=seen, state=CopyState.MISSING)], LATER) == []
    assert catalog.backup(backup.backup_id).copies[0].state is CopyState.DELETED
