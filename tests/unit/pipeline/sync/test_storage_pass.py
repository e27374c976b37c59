"""One storage backend compared with the catalog; the whole way is in test_sync."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.sync.known import KnownBackups
from octeth_backupd.domain.sync.report import FindingKind
from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.pipeline.record import backup_from_manifest
from octeth_backupd.pipeline.retention.confirmation import CONFIRMED_META
from octeth_backupd.pipeline.sync.storage_pass import SUSPICIOUS_FROM, StoragePass
from tests.fakes.catalog_values import START
from tests.fakes.storage import MemoryStorage
from tests.fakes.stored_backups import OTHER, OWN, store, stored_manifest

if TYPE_CHECKING:
    from tests.fakes.bench import Bench


def a_pass(bench: Bench, storage: MemoryStorage, **changes: Any) -> StoragePass:
    values: dict[str, Any] = {"server": None, "ours": frozenset({OWN}), "believe_empty": False}
    known = KnownBackups(bench.catalog.backups())
    return StoragePass(bench.context_of_same_run(), bench.parts(), storage, known, **values | changes)


def filled(count: int) -> tuple[MemoryStorage, list[str]]:
    storage = MemoryStorage()
    return storage, [store(storage, stored_manifest(START - timedelta(days=day))) for day in range(count)]


def test_what_was_learned_before_it_broke_stands(bench: Bench) -> None:
    class Breaking(MemoryStorage):
        def unfinished(self, prefix: str = "") -> Any:
            raise StorageError("connection lost", hint="Wait.", retryable=True)

    storage = Breaking()
    store(storage, stored_manifest())
    one = a_pass(bench, storage)

    report = one.run()

    assert (report.problem, report.hint, report.added) == ("connection lost", "Wait.", 1)
    assert len(bench.catalog.backups()) == 1
    assert (one.is_listed, one.is_trusted) == (True, False)


def test_a_few_that_are_gone_are_believed_many_at_once_are_not(bench: Bench) -> None:
    storage, _ = filled(SUSPICIOUS_FROM)
    a_pass(bench, storage).run()
    storage.files.clear()

    report = a_pass(bench, storage).run()
    assert (report.changed, report.findings) == (0, ())
    assert "none of the 3" in report.problem

    bench.catalog.set_copy_state(bench.catalog.backups()[0].backup_id, "memory", CopyState.DELETED, at=START)
    assert a_pass(bench, storage).run().changed == SUSPICIOUS_FROM - 1


def test_another_backup_in_the_place_of_a_missing_one_is_not_it(bench: Bench) -> None:
    storage, (key,) = filled(1)
    a_pass(bench, storage).run()
    storage.files.clear()
    a_pass(bench, storage).run()
    store(storage, stored_manifest(installation_id=OTHER, content=b"foreign"), content=b"foreign")

    report = a_pass(bench, storage).run()

    assert [finding.kind for finding in report.findings] == [FindingKind.CORRUPT]
    assert "another backup" in report.findings[0].detail
    assert bench.catalog.backups()[0].copies[0].state is CopyState.MISSING
    assert bench.catalog.backups()[0].copies[0].key == key


def test_another_backup_in_the_place_of_an_upload_is_left_to_the_upload(bench: Bench) -> None:
    storage, _ = filled(1)
    a_pass(bench, storage).run()
    bench.catalog.set_copy_state(bench.catalog.backups()[0].backup_id, "memory", CopyState.PENDING, at=START)
    storage.files.clear()
    store(storage, stored_manifest(installation_id=OTHER, content=b"foreign"), content=b"foreign")

    report = a_pass(bench, storage).run()

    assert report.findings == ()
    assert bench.catalog.backups()[0].copies[0].state is CopyState.PENDING


def test_of_two_backups_of_one_id_ours_keeps_it(bench: Bench) -> None:
    storage = MemoryStorage()
    store(storage, stored_manifest(installation_id=OTHER, content=b"foreign"), content=b"foreign", below=OTHER[:8])
    store(storage, stored_manifest(), below=OWN[:8])

    a_pass(bench, storage).run()

    owners = {backup.backup_id: backup.installation_id for backup in bench.catalog.backups()}
    assert owners == {stored_manifest().backup_id: OWN, f"{stored_manifest().backup_id}-{OTHER[:8]}": OTHER}


def test_a_backup_that_its_own_run_recorded_meanwhile_leaves_retention_confirmed(bench: Bench) -> None:
    storage = MemoryStorage()
    store(storage, stored_manifest())
    bench.catalog.set_meta(CONFIRMED_META, "policy")
    beside = a_pass(bench, storage)
    bench.catalog.add_backup(backup_from_manifest(stored_manifest(), storages=["memory"], at=START))

    assert beside.run().added == 0
    assert bench.catalog.meta(CONFIRMED_META) == "policy"


@pytest.mark.parametrize(("owner", "confirmed"), [(OWN, ""), (OTHER, "policy")], ids=["ours", "of another"])
def test_a_backup_of_ours_that_no_policy_has_seen_requires_confirmation(
    bench: Bench, owner: str, confirmed: str
) -> None:
    storage = MemoryStorage()
    store(storage, stored_manifest(installation_id=owner))
    bench.catalog.set_meta(CONFIRMED_META, "policy")

    assert a_pass(bench, storage).run().added == 1
    assert bench.catalog.meta(CONFIRMED_META) == confirmed


def test_it_ends_when_the_run_is_cancelled(bench: Bench) -> None:
    storage, _ = filled(1)
    one = a_pass(bench, storage)
    bench.cancellation.cancel()

    with pytest.raises(CancelledError):
        one.run()


def test_more_than_a_batch_comes_in_whole(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("octeth_backupd.pipeline.sync.storage_pass._BATCH", 4)
    storage, keys = filled(10)
    second = MemoryStorage("second")
    second.files = dict(storage.files)

    assert a_pass(bench, storage).run().added == len(keys)
    assert a_pass(bench, second).run().added == len(keys)
    assert {len(backup.copies) for backup in bench.catalog.backups()} == {2}


def test_a_manifest_of_a_known_copy_that_cannot_be_used_is_reported(bench: Bench) -> None:
    storage, (key,) = filled(1)
    a_pass(bench, storage).run()
    copy = bench.catalog.backups()[0].copies[0]
    bench.catalog.set_copy_state(copy.backup_id, "memory", CopyState.MISSING, at=START)
    storage.files[f"{key}.json"] = b"{}"

    report = a_pass(bench, storage).run()

    assert [finding.kind for finding in report.findings] == [FindingKind.UNUSABLE]
    assert replace(copy, state=CopyState.MISSING) == bench.catalog.backups()[0].copies[0]
