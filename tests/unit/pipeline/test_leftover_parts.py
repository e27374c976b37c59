"""Parts of uploads that nobody goes on with are discarded; those of a copy on its way are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.upload import Upload
from octeth_backupd.pipeline.leftover_parts import discard_leftover_parts, leftover_parts, server_of
from tests.fakes.catalog_values import START
from tests.fakes.storage import MemoryStorage
from tests.fakes.uploads import add_waiting_backup

if TYPE_CHECKING:
    import pytest

    from octeth_backupd.domain.upload import WaitingCopy
    from tests.fakes.bench import Bench


def upload(key: str) -> Upload:
    return Upload(storage="s3", key=key, upload_id=f"u-{key}", size_bytes=9, part_bytes=5, sha256="ab", begun_at=START)


def test_parts_are_left_over_once_their_copy_is_not_awaited_any_more(bench: Bench) -> None:
    backup = add_waiting_backup(bench)
    key = backup.copies[-1].key
    for one in (upload(key), upload("oempro/daily/gone"), upload("shop/daily/gone")):
        bench.catalog.uploads.remember_upload(one)
    storage = MemoryStorage("s3", is_remote=True, uploads=bench.catalog.uploads)
    storage.open_uploads = bench.catalog.uploads.uploads("s3")

    before = [one.key for one in leftover_parts(bench.catalog, "s3")]
    discard_leftover_parts(bench.catalog, storage, server="oempro")

    assert before == ["oempro/daily/gone", "shop/daily/gone"]
    assert [one.key for one in storage.open_uploads] == [key, "shop/daily/gone"]
    assert server_of(upload("shop/daily/gone")) == "shop"


def test_parts_of_a_copy_that_arrived_or_was_deleted_are_left_over(bench: Bench) -> None:
    backup = add_waiting_backup(bench)
    bench.catalog.uploads.remember_upload(upload(backup.copies[-1].key))
    bench.catalog.set_copy_state(backup.backup_id, "s3", CopyState.DELETED, START)

    assert [one.key for one in leftover_parts(bench.catalog, "s3")] == [backup.copies[-1].key]


def test_parts_that_are_begun_while_one_looks_are_not_left_over(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    original = bench.catalog.uploads.waiting

    def waiting() -> list[WaitingCopy]:
        before = original()
        backup = add_waiting_backup(bench)
        bench.catalog.uploads.remember_upload(upload(backup.copies[-1].key))
        return before

    monkeypatch.setattr(bench.catalog.uploads, "waiting", waiting)

    assert leftover_parts(bench.catalog, "s3") == []
