"""Multipart uploads that are not over."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.upload import Upload
from tests.fakes.catalog_values import START

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

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
