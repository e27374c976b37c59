"""Many manifests, read beside each other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.sync.places import FoundFile
from octeth_backupd.errors import CancelledError, MetadataError, StorageError
from octeth_backupd.pipeline.sync.manifest_reading import LARGEST_BYTES, read_manifests
from octeth_backupd.process.cancellation import Cancellation
from tests.fakes.catalog_values import START
from tests.fakes.storage import MemoryStorage
from tests.fakes.stored_backups import store, stored_manifest


def files_of(storage: MemoryStorage) -> list[FoundFile]:
    return [
        FoundFile(key=file.key, size_bytes=file.size_bytes, modified_at=file.modified_at)
        for file in storage.list()
        if file.key.endswith(".json")
    ]


def test_all_come_in_their_order_and_what_is_gone_does_not() -> None:
    storage = MemoryStorage()
    for day in range(50):
        store(storage, stored_manifest(START + timedelta(days=day)))
    files = files_of(storage)
    del storage.files[files[7].key]

    read = list(read_manifests(storage, files, cancellation=Cancellation()))

    assert [key for key, _ in read] == [file.key for file in files if file is not files[7]]
    assert all(isinstance(manifest, Manifest) for _, manifest in read)


def test_what_cannot_be_used_comes_as_its_error() -> None:
    storage = MemoryStorage()
    storage.files = {"a.json": b"{}", "b.json": b"\xff", "c.json": b"[" * 200_000}
    huge = FoundFile(key="d.json", size_bytes=LARGEST_BYTES + 1, modified_at=START)

    read = dict(read_manifests(storage, [*files_of(storage), huge], cancellation=Cancellation()))

    assert [type(read[key]) for key in sorted(read)] == [MetadataError, StorageError, MetadataError, MetadataError]


def test_a_storage_that_goes_away_ends_it() -> None:
    class Away(MemoryStorage):
        def read_text(self, key: str) -> str:
            raise StorageError("connection lost", retryable=True)

    storage = Away()
    store(storage, stored_manifest())

    with pytest.raises(StorageError, match="connection lost"):
        list(read_manifests(storage, files_of(storage), cancellation=Cancellation()))


def test_it_ends_when_the_run_is_cancelled() -> None:
    storage = MemoryStorage()
    store(storage, stored_manifest())
    cancellation = Cancellation()
    cancellation.cancel()

    with pytest.raises(CancelledError):
        list(read_manifests(storage, files_of(storage), cancellation=cancellation))
