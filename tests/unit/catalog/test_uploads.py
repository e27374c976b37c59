"""Copies that wait, and multipart uploads that are not over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.upload import Upload
from tests.fakes.catalog_values import START, make_backup

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

P, U, H = CopyState.PENDING, CopyState.UPLOADING, CopyState.PRESENT
UPLOAD = Upload(
    storage="s3", key="oempro/daily/a", upload_id="u1", size_bytes=10, part_bytes=5, sha256="ab", begun_at=START
)


def test_upload_is_remembered_until_it_is_forgotten(catalog: Catalog) -> None:
    catalog.uploads.remember_upload(UPLOAD)

    found = catalog.uploads.upload("s3", UPLOAD.key)
    catalog.uploads.forget_upload("s3", UPLOAD.key)

    assert found == UPLOAD
    assert catalog.uploads.upload("s3", UPLOAD.key) is None
    catalog.uploads.forget_upload("s3", UPLOAD.key)


def test_a_new_upload_under_the_same_key_takes_the_place_of_the_old(catalog: Catalog) -> None:
    catalog.uploads.remember_upload(UPLOAD)
    catalog.uploads.remember_upload(replace(UPLOAD, upload_id="u2", part_bytes=7))

    assert catalog.uploads.uploads("s3") == [replace(UPLOAD, upload_id="u2", part_bytes=7)]


def test_uploads_of_another_storage_backend_are_not_listed(catalog: Catalog) -> None:
    catalog.uploads.remember_upload(UPLOAD)

    assert catalog.uploads.uploads("offsite") == []


def test_waiting_copies_come_with_what_is_known_of_their_backup_the_oldest_first(catalog: Catalog) -> None:
    newer = make_backup(taken_at=START + timedelta(days=1), copies={"local": H, "s3": U})
    older = make_backup(copies={"local": H, "offsite": P, "s3": P})
    for backup in (newer, older, make_backup("shop", copies={"local": H, "s3": H})):
        catalog.add_backup(backup)

    waiting = catalog.uploads.waiting()

    assert [one.name for one in waiting] == [
        (older.backup_id, "offsite"),
        (older.backup_id, "s3"),
        (newer.backup_id, "s3"),
    ]
    first = waiting[0]
    assert first.copy == next(copy for copy in older.copies if copy.storage == "offsite")
    assert (first.server, first.run_id) == ("oempro", older.run_id)
    assert (first.taken_at, first.finished_at) == (older.taken_at, older.finished_at)


def test_an_upload_begins_and_ends_as_long_as_its_copy_waits(catalog: Catalog) -> None:
    backup = make_backup(copies={"local": H, "s3": P})
    catalog.add_backup(backup)
    began = catalog.uploads.begin_copy(backup.backup_id, "s3", key="elsewhere", at=START + timedelta(minutes=1))
    during = catalog.backup(backup.backup_id).copies[1]
    ended = catalog.uploads.end_copy(backup.backup_id, "s3", H, at=START + timedelta(minutes=2))
    after = catalog.backup(backup.backup_id).copies[1]

    assert (began, during.state, during.key) == (True, U, "elsewhere")
    assert (ended, after.state, after.updated_at) == (True, H, START + timedelta(minutes=2))


def test_an_upload_does_not_bring_back_a_copy_that_was_deleted(catalog: Catalog) -> None:
    backup = make_backup(copies={"local": H, "s3": P})
    catalog.add_backup(backup)
    catalog.set_copy_state(backup.backup_id, "s3", CopyState.DELETED, START)

    assert not catalog.uploads.begin_copy(backup.backup_id, "s3", key="k", at=START)
    assert not catalog.uploads.end_copy(backup.backup_id, "s3", H, at=START)
    assert catalog.backup(backup.backup_id).copies[1].state is CopyState.DELETED


def test_backups_present_in_a_storage_come_with_all_copies_and_without_manifests(catalog: Catalog) -> None:
    there = make_backup(copies={"local": H, "s3": P}, manifest={"a": 1})
    for backup in (there, make_backup("shop", copies={"local": CopyState.DELETED, "s3": H})):
        catalog.add_backup(backup)

    assert catalog.uploads.present_in("local") == [replace(there, manifest={})]


def test_a_storage_is_known_to_have_copies_in_the_states_asked_for(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(copies={"local": CopyState.MISSING, "s3": H}))

    assert catalog.uploads.has_copies("local", {H, CopyState.MISSING})
    assert not catalog.uploads.has_copies("local", {H})
    assert not catalog.uploads.has_copies("s3", {CopyState.MISSING})
