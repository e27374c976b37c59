"""Repairs: only ours, and only after another look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.sync.report import Finding, FindingKind, Repair
from octeth_backupd.domain.upload import Upload
from octeth_backupd.pipeline.record import backup_from_manifest
from octeth_backupd.pipeline.sync.repair import repaired
from tests.fakes.catalog_values import START
from tests.fakes.storage import MemoryStorage
from tests.fakes.stored_backups import OTHER, OWN, store, stored_manifest

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from tests.fakes.bench import Bench

OURS = frozenset({OWN})
MANIFEST = stored_manifest()


@pytest.fixture
def catalog(bench: Bench) -> Catalog:
    return bench.catalog


@pytest.fixture
def storage(catalog: Catalog) -> MemoryStorage:
    return MemoryStorage(uploads=catalog.uploads)


def finding(repair: Repair, key: str, archive_key: str = "", **fields: Any) -> Finding:
    values: dict[str, Any] = {"backup_id": MANIFEST.backup_id, "installation_id": OWN}
    return Finding(
        kind=FindingKind.ORPHANED,
        storage="memory",
        key=key,
        detail="",
        repair=repair,
        archive_key=archive_key or key,
        **values | fields,
    )


def record(catalog: Catalog, state: CopyState) -> None:
    catalog.add_backup(backup_from_manifest(MANIFEST, storages=["memory"], at=START))
    catalog.set_copy_state(MANIFEST.backup_id, "memory", state, at=START)


def repair(found: Finding, storage: MemoryStorage, catalog: Catalog) -> Finding:
    (result,) = repaired([found], storage, catalog, ours=OURS)
    return result


@pytest.mark.parametrize("owner", [OTHER, ""])
@pytest.mark.parametrize("kind", [Repair.REMOVE, Repair.WRITE_CHECKSUM, Repair.WRITE_MANIFEST])
def test_nothing_of_others_or_of_nobody_is_touched(
    storage: MemoryStorage, catalog: Catalog, owner: str, kind: Repair
) -> None:
    key = store(storage, MANIFEST)
    before = dict(storage.files)

    assert repair(finding(kind, f"{key}.json", key, installation_id=owner), storage, catalog).outcome == ""
    assert storage.files == before


def test_a_manifest_without_its_archive_goes_with_its_checksum_file(storage: MemoryStorage, catalog: Catalog) -> None:
    key = store(storage, MANIFEST)
    del storage.files[key]

    result = repair(finding(Repair.REMOVE, f"{key}.json", key), storage, catalog)

    assert (result.outcome, result.is_repaired, storage.files) == ("removed", True, {})


def test_an_archive_that_came_meanwhile_keeps_its_manifest(storage: MemoryStorage, catalog: Catalog) -> None:
    key = store(storage, MANIFEST)

    result = repair(finding(Repair.REMOVE, f"{key}.json", key), storage, catalog)

    assert result.outcome.startswith("left alone")
    assert len(storage.files) == 3


def test_leftovers_of_a_copy_that_is_awaited_again_stay(storage: MemoryStorage, catalog: Catalog) -> None:
    key = store(storage, MANIFEST)
    record(catalog, CopyState.PENDING)

    assert repair(finding(Repair.REMOVE, key), storage, catalog).outcome.startswith("left alone")
    assert key in storage.files


def test_what_an_object_lock_keeps_is_told(storage: MemoryStorage, catalog: Catalog) -> None:
    key = store(storage, MANIFEST)
    record(catalog, CopyState.DELETED)
    del storage.files[key]
    storage.retained_until[f"{key}.sha256"] = START

    result = repair(finding(Repair.REMOVE, f"{key}.sha256", key), storage, catalog)

    assert (result.outcome, result.is_repaired) == (f"not repaired: {key}.sha256 is retained", False)


def test_an_archive_that_was_put_back_meanwhile_keeps_its_companions(storage: MemoryStorage, catalog: Catalog) -> None:
    key = store(storage, MANIFEST)
    record(catalog, CopyState.DELETED)
    before = dict(storage.files)

    for each in before:
        assert repair(finding(Repair.REMOVE, each, key), storage, catalog).outcome.startswith("left alone")
    assert storage.files == before


def test_an_upload_of_ours_is_aborted_unless_it_is_awaited(storage: MemoryStorage, catalog: Catalog) -> None:
    key = store(MemoryStorage(), MANIFEST)
    upload = Upload(
        storage="memory", key=key, upload_id="u", size_bytes=1, part_bytes=1, sha256="ab" * 32, begun_at=START
    )
    catalog.uploads.remember_upload(upload)
    storage.open_uploads.append(upload)
    record(catalog, CopyState.UPLOADING)
    found = finding(Repair.ABORT_UPLOAD, key, installation_id="")

    assert repair(found, storage, catalog).outcome.startswith("left alone")

    catalog.set_copy_state(MANIFEST.backup_id, "memory", CopyState.DELETED, at=START)
    assert repair(found, storage, catalog).is_repaired
    assert (storage.open_uploads, catalog.uploads.uploads("memory")) == ([], [])


def test_what_is_missing_is_written_manifest_last(
    storage: MemoryStorage, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = store(storage, MANIFEST)
    before = dict(storage.files)
    record(catalog, CopyState.PRESENT)
    del storage.files[f"{key}.json"], storage.files[f"{key}.sha256"]
    written: list[str] = []
    put_text = storage.put_text

    def noted(key: str, text: str) -> None:
        written.append(key)
        put_text(key, text)

    monkeypatch.setattr(storage, "put_text", noted)
    found = [
        finding(Repair.WRITE_MANIFEST, f"{key}.json", key),
        finding(Repair.WRITE_CHECKSUM, f"{key}.sha256", key),
    ]

    results = repaired(found, storage, catalog, ours=OURS)

    assert storage.files == before
    assert written == [f"{key}.sha256", f"{key}.json"]
    assert [result.key for result in results] == [f"{key}.json", f"{key}.sha256"]


def test_nothing_is_written_beside_another_archive(storage: MemoryStorage, catalog: Catalog) -> None:
    key = store(storage, MANIFEST)
    record(catalog, CopyState.PRESENT)
    del storage.files[f"{key}.json"]
    storage.files[key] = b"another"[:3]

    assert repair(finding(Repair.WRITE_MANIFEST, f"{key}.json", key), storage, catalog).outcome.startswith("left alone")
    assert f"{key}.json" not in storage.files
