"""The S3 storage backend over a bucket in memory. (The contract, on real servers: tests/integration.)"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest

from octeth_backupd.errors import NotFoundError, RetainedError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage import s3 as s3_module
from octeth_backupd.storage.s3 import S3Storage
from octeth_backupd.storage.s3_client import S3Client
from octeth_backupd.storage.s3_objects import ObjectFacts
from octeth_backupd.storage.s3_parts import MEMORY_BYTES
from octeth_backupd.storage.s3_settings import S3Settings
from tests.fakes.clock import FakeClock
from tests.fakes.s3_client import FakeS3Client, refusal
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from pathlib import Path

KEY = "o/daily/x"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeS3Client:
    client = FakeS3Client()
    monkeypatch.setattr(s3_module, "S3Client", lambda _settings: cast("S3Client", client))
    return client


@pytest.fixture
def storage(client: FakeS3Client) -> S3Storage:
    settings = S3Settings(bucket="b", prefix="octeth", storage_class="GLACIER")
    return S3Storage("s3", settings, uploads=MemoryUploadLedger(), clock=FakeClock(), patience_seconds=0)


def _facts(key: str, **changes: object) -> ObjectFacts:
    values = {"object_key": key, "size_bytes": 1, "modified_at": datetime(2026, 1, 1, tzinfo=UTC), **changes}
    return ObjectFacts(**values)  # type: ignore[arg-type]


def test_archive_goes_to_its_class_and_texts_do_not(storage: S3Storage, client: FakeS3Client, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")

    storage.put(tmp_path / "a", KEY, sha256=hashlib.sha256(b"x").hexdigest(), cancellation=Cancellation())
    storage.put_text(f"{KEY}.json", "{}")

    assert {key: facts.storage_class for key, (_, facts) in client.objects.items()} == {
        f"octeth/{KEY}": "GLACIER",
        f"octeth/{KEY}.json": "",
    }


def test_file_that_does_not_fit_in_memory_is_never_read_whole(client: FakeS3Client, tmp_path: Path) -> None:
    settings = S3Settings.model_validate({"bucket": "b", "part_size": "5 GiB"})
    storage = S3Storage("s3", settings, uploads=MemoryUploadLedger(), clock=FakeClock(), patience_seconds=0)
    (tmp_path / "a").touch()
    os.truncate(tmp_path / "a", MEMORY_BYTES + 1)
    sha256 = hashlib.sha256(bytes(MEMORY_BYTES + 1)).hexdigest()

    storage.put(tmp_path / "a", KEY, sha256=sha256, cancellation=Cancellation())

    assert (client.calls["put"], client.calls["put_part"]) == (0, 1)
    assert storage.stat(KEY).size_bytes == MEMORY_BYTES + 1


def test_archived_file_is_refused_with_the_command_that_brings_it_back(
    storage: S3Storage, client: FakeS3Client
) -> None:
    client.objects[f"octeth/{KEY}"] = (b"x", _facts(f"octeth/{KEY}", storage_class="DEEP_ARCHIVE"))

    with pytest.raises(StorageError, match="DEEP_ARCHIVE") as refused, storage.open(KEY):
        pass

    assert "aws s3api restore-object" in refused.value.hint


def test_archive_tier_of_intelligent_tiering_cannot_be_read_either(storage: S3Storage, client: FakeS3Client) -> None:
    client.objects[f"octeth/{KEY}"] = (b"x", _facts(f"octeth/{KEY}", archive_status="ARCHIVE_ACCESS"))

    assert storage.stat(KEY).is_archived


def test_locked_file_is_not_deleted(storage: S3Storage, client: FakeS3Client) -> None:
    until = FakeClock().now() + timedelta(days=1)
    client.objects[f"octeth/{KEY}"] = (b"x", _facts(f"octeth/{KEY}", retained_until=until))

    with pytest.raises(RetainedError):
        storage.delete(KEY)

    assert client.calls["delete"] == 0


def test_legal_hold_is_shown(storage: S3Storage, client: FakeS3Client) -> None:
    client.objects[f"octeth/{KEY}"] = (b"x", _facts(f"octeth/{KEY}", legal_hold=True))

    assert storage.stat(KEY).is_held


def test_bucket_that_is_gone_is_not_a_missing_file(storage: S3Storage, client: FakeS3Client) -> None:
    client.failing["list_objects"] = [refusal("NoSuchBucket", "ListObjectsV2")]

    with pytest.raises(StorageError) as refused:
        storage.stat(KEY)

    assert not isinstance(refused.value, NotFoundError)


def test_list_is_in_the_order_of_keys_whatever_the_service_does(storage: S3Storage, client: FakeS3Client) -> None:
    found = [_facts(f"octeth/{key}") for key in ("b/x", "a/x", "a-b/x")]
    client.list_objects = lambda *_, **__: iter(found)  # type: ignore[method-assign]

    assert [file.key for file in storage.list()] == ["a-b/x", "a/x", "b/x"]


def test_check_passes_where_deleting_is_left_to_others(storage: S3Storage, client: FakeS3Client) -> None:
    client.failing["delete"] = [refusal("AccessDenied", "DeleteObject")]

    storage.check()

    assert list(client.objects) == ["octeth/.octeth-backupd-probe"]
    assert list(storage.list()) == []


def test_text_put_again_after_a_crash_is_no_error(storage: S3Storage) -> None:
    storage.put_text(KEY, "same")
    storage.put_text(KEY, "same")

    assert storage.read_text(KEY) == "same"


def test_uploads_at_the_service_are_told_apart(storage: S3Storage, client: FakeS3Client) -> None:
    client.begin_upload(f"octeth/{KEY}", {})
    client.begin_upload("elsewhere/x", {})

    (found,) = storage.unfinished()

    assert (found.key, found.upload_id, found.sha256) == (KEY, "upload-1", "")
