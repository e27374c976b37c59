"""Storage backends for an import."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.upload import Upload
from octeth_backupd.importing.storages import NoUploads, storages_of
from octeth_backupd.settings.settings import Settings
from tests.fakes.catalog_values import START, StandingClock


def test_local_storage_comes_first_then_the_buckets() -> None:
    settings = Settings.model_validate(
        {"servers": {"oempro": {"container": "x"}}, "s3": {"bucket": "one"}, "storages": {"far": {"bucket": "two"}}}
    )

    found = storages_of(settings, clock=StandingClock())

    assert [(storage.name, storage.is_remote) for storage in found] == [("local", False), ("s3", True), ("far", True)]


def test_import_knows_no_uploads_and_begins_none() -> None:
    ledger = NoUploads()

    ledger.forget_upload("s3", "key")

    assert (ledger.upload("s3", "key"), ledger.uploads("s3")) == (None, [])
    with pytest.raises(NotImplementedError, match="key"):
        ledger.remember_upload(
            Upload(storage="s3", key="key", upload_id="1", size_bytes=1, part_bytes=1, sha256="", begun_at=START)
        )
