"""Our S3 storage backend on real servers: the contract, and what only object storage has."""

from __future__ import annotations

import hashlib
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.upload import Upload
from octeth_backupd.errors import CancelledError, NotFoundError, RetainedError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from tests.contracts.storage_contract import StorageContract
from tests.environment.s3_servers import MotoS3, RcloneS3
from tests.environment.s3_state import (
    assert_bucket_is_clean,
    assert_object,
    object_bytes,
    objects,
    open_uploads,
    s3_client,
)
from tests.environment.s3_storages import MIB, PREFIX, empty_bucket, s3_storage
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.storage.base import Storage
    from octeth_backupd.storage.s3 import S3Storage
    from tests.environment.s3_servers import S3Server

KEY = "oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst"
OBJECT = f"{PREFIX}/{KEY}"
CONTENT = bytes(range(256)) * (11 * MIB // 256) + b"the end"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
AT_ONCE_SECONDS = 60.0
AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
"""Without a cache of directories rclone's own timers take all the time there is, the more the longer it runs."""


@pytest.fixture(scope="module")
def rclone() -> Iterator[RcloneS3]:
    with RcloneS3() as server:
        yield server


@pytest.fixture(scope="module")
def moto_server() -> Iterator[MotoS3]:
    with MotoS3() as server:
        yield server


@pytest.fixture
def moto(moto_server: MotoS3) -> Iterator[MotoS3]:
    yield moto_server
    empty_bucket(moto_server)


@pytest.fixture(scope="module")
def locking() -> Iterator[MotoS3]:
    with MotoS3(object_lock=True) as server:
        yield server


@pytest.fixture(params=["rclone", "moto"])
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    server: S3Server = request.getfixturevalue(request.param)
    yield server
    empty_bucket(server)


@pytest.fixture
def ledger() -> MemoryUploadLedger:
    return MemoryUploadLedger()


@pytest.fixture
def s3(server: S3Server, ledger: MemoryUploadLedger) -> S3Storage:
    # rclone takes parts in their order; one that waits for another that was interrupted blocks the whole server.
    return s3_storage(server, uploads=ledger, parallel_parts=1 if isinstance(server, RcloneS3) else 3)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive"
    path.write_bytes(CONTENT)
    return path


def put(storage: S3Storage, source: Path, *, sha256: str = SHA256, cancellation: Cancellation | None = None) -> None:
    storage.put(source, KEY, sha256=sha256, cancellation=cancellation or Cancellation())


def cancelled_after(storage: S3Storage, source: Path, parts: int) -> None:
    """Begin an upload and stop it when that many parts are there."""
    cancellation = Cancellation()

    def watch(done_bytes: int) -> None:
        if done_bytes >= parts * 5 * MIB:
            cancellation.cancel(CancelledError("the daemon stops"))

    with pytest.raises(CancelledError, match="the daemon stops"):
        storage.put(source, KEY, sha256=SHA256, cancellation=cancellation, on_progress=watch)


class TestOnRclone(StorageContract):
    @pytest.fixture
    def storage(self, rclone: RcloneS3) -> Iterator[Storage]:
        yield s3_storage(rclone)
        empty_bucket(rclone)


class TestOnMoto(StorageContract):
    @pytest.fixture
    def storage(self, moto: MotoS3) -> Iterator[Storage]:
        yield s3_storage(moto)


class TestAtTheTopOfABucket(StorageContract):
    """Without a prefix the contract holds but for keys that begin with a slash, which the bash tool left there."""

    @pytest.fixture
    def storage(self, moto: MotoS3) -> Storage:
        return s3_storage(moto, prefix="")

    @pytest.mark.parametrize("key", ["", "../outside", "oempro//x", "oempro/.hidden", "//x", "/.x", "/x/"])
    def test_what_is_no_key_is_refused_everywhere(self, storage: Storage, tmp_path: Path, key: str) -> None:
        """The suite's own test, for the keys that are none here."""
        super().test_what_is_no_key_is_refused_everywhere(storage, tmp_path, key)
        assert list(storage.list()) == []


# --------------------------------------------------------------------------- uploads


def test_large_file_goes_in_parts_and_is_there_with_the_right_bytes(
    server: S3Server, s3: S3Storage, archive: Path
) -> None:
    put(s3, archive)

    assert_object(server, OBJECT, sha256=SHA256)
    assert_bucket_is_clean(server, keys={OBJECT})
    with s3.open(KEY) as file:
        assert file.read() == CONTENT


def test_digest_of_the_whole_is_in_the_objects_metadata(server: S3Server, s3: S3Storage, archive: Path) -> None:
    put(s3, archive)

    metadata = s3_client(server).head_object(Bucket=server.bucket, Key=OBJECT)["Metadata"]
    assert {name.lower(): text for name, text in metadata.items()}["sha256"] == SHA256


def test_large_source_with_another_digest_leaves_neither_object_nor_parts(
    server: S3Server, s3: S3Storage, ledger: MemoryUploadLedger, archive: Path
) -> None:
    with pytest.raises(StorageError, match="is not what it was"):
        put(s3, archive, sha256=hashlib.sha256(b"another").hexdigest())

    assert_bucket_is_clean(server, keys=set())
    assert ledger.uploads("s3") == []


def test_source_that_is_cut_while_it_is_sent_leaves_nothing(
    server: S3Server, ledger: MemoryUploadLedger, archive: Path
) -> None:
    def cut(_: int) -> None:
        os.truncate(archive, 6 * MIB)

    one_by_one = s3_storage(server, uploads=ledger, parallel_parts=1)
    with pytest.raises(StorageError, match="shorter"):
        one_by_one.put(archive, KEY, sha256=SHA256, cancellation=Cancellation(), on_progress=cut)

    assert_bucket_is_clean(server, keys=set())
    assert ledger.uploads("s3") == []


def test_stopped_upload_is_remembered_and_gone_on_with(
    server: S3Server, s3: S3Storage, ledger: MemoryUploadLedger, archive: Path
) -> None:
    cancelled_after(s3, archive, parts=1)
    (left,) = open_uploads(server)
    (known,) = list(s3.unfinished())
    seen: list[int] = []

    s3.put(archive, KEY, sha256=SHA256, cancellation=Cancellation(), on_progress=seen.append)

    assert (known.upload_id, known.size_bytes, known.sha256) == (left.upload_id, len(CONTENT), SHA256)
    assert left.part_bytes[1] == 5 * MIB
    assert_object(server, OBJECT, sha256=SHA256)
    assert_bucket_is_clean(server, keys={OBJECT})
    assert ledger.uploads("s3") == []


def test_upload_of_other_content_under_the_same_key_is_given_up(server: S3Server, s3: S3Storage, archive: Path) -> None:
    cancelled_after(s3, archive, parts=1)
    other = CONTENT[::-1]
    archive.write_bytes(other)

    put(s3, archive, sha256=hashlib.sha256(other).hexdigest())

    assert_object(server, OBJECT, sha256=hashlib.sha256(other).hexdigest())
    assert open_uploads(server) == []


def test_upload_that_somebody_aborted_begins_anew(server: S3Server, s3: S3Storage, archive: Path) -> None:
    cancelled_after(s3, archive, parts=1)
    (left,) = open_uploads(server)
    s3_client(server).abort_multipart_upload(Bucket=server.bucket, Key=left.key, UploadId=left.upload_id)

    put(s3, archive)

    assert_object(server, OBJECT, sha256=SHA256)


def test_upload_that_was_complete_when_the_daemon_died_counts_as_put(
    server: S3Server, s3: S3Storage, ledger: MemoryUploadLedger, archive: Path
) -> None:
    cancelled_after(s3, archive, parts=1)
    (known,) = ledger.uploads("s3")
    put(s3, archive)
    ledger.remember_upload(known)

    put(s3, archive)

    assert ledger.uploads("s3") == []
    assert_bucket_is_clean(server, keys={OBJECT})


def test_discarding_aborts_what_is_known_and_leaves_what_is_not(
    server: S3Server, s3: S3Storage, ledger: MemoryUploadLedger, archive: Path
) -> None:
    cancelled_after(s3, archive, parts=1)
    foreign = s3_client(server).create_multipart_upload(Bucket=server.bucket, Key=OBJECT)["UploadId"]

    s3.discard_unfinished(KEY)

    assert [upload.upload_id for upload in open_uploads(server)] == [foreign]
    assert ledger.uploads("s3") == []


def test_unknown_uploads_are_told_from_known_ones(server: S3Server, s3: S3Storage, archive: Path) -> None:
    cancelled_after(s3, archive, parts=1)
    other_key = f"{PREFIX}/other/daily/x"
    foreign = s3_client(server).create_multipart_upload(Bucket=server.bucket, Key=other_key)["UploadId"]

    found = {upload.key: upload for upload in s3.unfinished()}

    assert found[KEY].sha256 == SHA256
    assert (found["other/daily/x"].upload_id, found["other/daily/x"].sha256) == (foreign, "")
    assert [upload.key for upload in s3.unfinished("other/")] == ["other/daily/x"]


def test_same_content_put_again_is_no_error_and_not_sent_again(server: S3Server, s3: S3Storage, archive: Path) -> None:
    put(s3, archive)
    before = s3.stat(KEY)

    put(s3, archive)

    assert s3.stat(KEY) == before


def test_object_of_somebody_else_is_never_replaced(server: S3Server, s3: S3Storage, archive: Path) -> None:
    s3_client(server).put_object(Bucket=server.bucket, Key=OBJECT, Body=b"theirs")

    with pytest.raises(StorageError, match="exists"):
        put(s3, archive)

    assert object_bytes(server, OBJECT) == b"theirs"


def test_object_that_appears_during_an_upload_is_not_replaced_where_conditions_are_honoured(
    moto: MotoS3, archive: Path
) -> None:
    def meanwhile(_: int) -> None:
        s3_client(moto).put_object(Bucket=moto.bucket, Key=OBJECT, Body=b"theirs")

    with pytest.raises(StorageError, match="exists"):
        s3_storage(moto).put(archive, KEY, sha256=SHA256, cancellation=Cancellation(), on_progress=meanwhile)

    assert object_bytes(moto, OBJECT) == b"theirs"


def test_class_encryption_and_tags_are_what_the_settings_say(moto: MotoS3, archive: Path) -> None:
    storage = s3_storage(
        moto,
        storage_class="STANDARD_IA",
        server_side_encryption="AES256",
        tags={"service": "octeth-backupd", "what for": "ü = b/c"},
    )

    put(storage, archive)
    storage.put_text(f"{KEY}.json", "{}")

    client = s3_client(moto)
    head = client.head_object(Bucket=moto.bucket, Key=OBJECT)
    tags = client.get_object_tagging(Bucket=moto.bucket, Key=OBJECT)["TagSet"]
    assert (head["StorageClass"], head["ServerSideEncryption"]) == ("STANDARD_IA", "AES256")
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"service": "octeth-backupd", "what for": "ü = b/c"}
    assert storage.stat(KEY).storage_class == "STANDARD_IA"
    assert storage.stat(f"{KEY}.json").storage_class == ""


def test_encryption_with_a_kms_key_is_accepted_though_tags_are_no_md5(moto: MotoS3, archive: Path) -> None:
    storage = s3_storage(moto, server_side_encryption="aws:kms", kms_key_id="alias/backups")

    put(storage, archive)

    assert_object(moto, OBJECT, sha256=SHA256)


# --------------------------------------------------------------------------- locks and slow classes


def test_locked_file_is_refused_as_retained_before_anything_is_hidden(locking: MotoS3, archive: Path) -> None:
    storage = s3_storage(locking, object_lock_mode="governance", object_lock_days=30)
    put(storage, archive)

    with pytest.raises(RetainedError, match="locked until") as refused:
        storage.delete(KEY)

    until = storage.stat(KEY).retained_until
    assert until is not None
    assert timedelta(days=29) < until - datetime.now(UTC) <= timedelta(days=30)
    assert refused.value.until == until
    versions = s3_client(locking).list_object_versions(Bucket=locking.bucket, Prefix=OBJECT)
    assert (len(versions["Versions"]), versions.get("DeleteMarkers")) == (1, None)


def test_file_under_legal_hold_is_retained(locking: MotoS3) -> None:
    storage = s3_storage(locking)
    key = "oempro/daily/held"
    storage.put_text(key, "x")
    s3_client(locking).put_object_legal_hold(Bucket=locking.bucket, Key=f"{PREFIX}/{key}", LegalHold={"Status": "ON"})

    with pytest.raises(RetainedError, match="legal hold") as refused:
        storage.delete(key)

    assert refused.value.until is None
    assert storage.read_text(key) == "x"


def test_state_file_is_never_locked(locking: MotoS3) -> None:
    storage = s3_storage(locking, object_lock_mode="compliance", object_lock_days=1)

    storage.replace_text("oempro/state.json", "one")
    storage.replace_text("oempro/state.json", "two")

    assert storage.read_text("oempro/state.json") == "two"
    assert storage.stat("oempro/state.json").retained_until is None


def test_archived_file_says_how_to_bring_it_back(moto: MotoS3, archive: Path) -> None:
    storage = s3_storage(moto, storage_class="GLACIER")
    put(storage, archive)

    with pytest.raises(StorageError, match="cannot be read now") as refused, storage.open(KEY):
        pass

    assert f"--bucket {moto.bucket} --key '{OBJECT}'" in refused.value.hint
    assert "3 to 5 hours" in refused.value.hint
    assert storage.stat(KEY).is_archived
    assert next(storage.list()).is_archived


def test_archived_file_that_was_brought_back_can_be_read(moto: MotoS3, archive: Path) -> None:
    storage = s3_storage(moto, storage_class="GLACIER", prefix="restored")
    put(storage, archive)
    s3_client(moto).restore_object(Bucket=moto.bucket, Key=f"restored/{KEY}", RestoreRequest={"Days": 1})

    with storage.open(KEY) as file:
        assert hashlib.sha256(file.read()).hexdigest() == SHA256

    assert not storage.stat(KEY).is_archived


# --------------------------------------------------------------------------- keys, lists, errors


def test_objects_that_the_bash_tool_left_under_a_slash_can_be_listed_read_and_deleted(moto: MotoS3) -> None:
    storage = s3_storage(moto, prefix="")
    s3_client(moto).put_object(Bucket=moto.bucket, Key="/weekly/octeth-backup.tar.gz", Body=b"old")

    listed = [file.key for file in storage.list()]
    beneath = [file.key for file in storage.list("/weekly/")]
    text = storage.read_text("/weekly/octeth-backup.tar.gz")
    storage.delete("/weekly/octeth-backup.tar.gz")

    assert listed == beneath == ["/weekly/octeth-backup.tar.gz"]
    assert text == "old"
    assert objects(moto) == {}


def test_what_is_none_of_ours_is_not_listed(server: S3Server, s3: S3Storage) -> None:
    for key in ("octeth2/oempro/daily/x", "oempro/daily/x", f"{PREFIX}/oempro/daily/.hidden"):
        s3_client(server).put_object(Bucket=server.bucket, Key=key, Body=b"")
    s3.put_text("oempro/daily/ours", "")

    assert [file.key for file in s3.list()] == ["oempro/daily/ours"]


def test_more_than_a_page_of_objects_is_listed_whole() -> None:
    with RcloneS3() as server:
        directory = server.bucket_directory / PREFIX / "oempro" / "daily"
        directory.mkdir(parents=True)
        for number in range(2345):
            (directory / f"{number:05}").write_bytes(b"x")

        found = [file.key for file in s3_storage(server).list()]

    assert found == [f"oempro/daily/{number:05}" for number in range(2345)]


def test_missing_bucket_is_not_taken_for_a_missing_file(server: S3Server) -> None:
    storage = s3_storage(server, bucket="nobody-made-this")

    for use in (
        lambda: storage.stat(KEY),
        lambda: storage.read_text(KEY),
        lambda: list(storage.list()),
        lambda: storage.delete(KEY),
        storage.check,
    ):
        with pytest.raises(StorageError, match="no such bucket") as refused:
            use()
        assert not isinstance(refused.value, NotFoundError)


def test_wrong_secret_is_refused_in_our_words(rclone: RcloneS3, archive: Path) -> None:
    storage = s3_storage(rclone, secret_access_key="not/the+secret")

    with pytest.raises(StorageError, match="the secret does not belong to the access key") as refused:
        put(storage, archive)

    assert not refused.value.retryable
    assert "not/the+secret" not in str(refused.value) + refused.value.hint
    assert objects(rclone) == {}


def test_endpoint_that_speaks_no_tls_is_told_at_once(rclone: RcloneS3, archive: Path) -> None:
    storage = s3_storage(rclone, endpoint_url=rclone.endpoint_url.replace("http:", "https:"), patience_seconds=600)
    begun = time.monotonic()

    with pytest.raises(StorageError, match="does not speak TLS") as caught:
        storage.put(archive, KEY, sha256=SHA256, cancellation=Cancellation())

    assert "http:// in endpoint_url" in caught.value.hint
    assert time.monotonic() - begun < AT_ONCE_SECONDS


def test_unknown_access_key_is_refused_in_our_words(rclone: RcloneS3) -> None:
    storage = s3_storage(rclone, access_key_id="AKIAUNKNOWN")

    with pytest.raises(StorageError, match="does not know the access key"):
        storage.check()


# --------------------------------------------------------------------------- the doctor


def test_doctor_passes_each_step_in_an_empty_bucket(server: S3Server, s3: S3Storage) -> None:
    results = s3.diagnose()

    assert {result.status for result in results} == {CheckStatus.PASSED}
    assert "nothing there yet" in next(result.summary for result in results if result.name == "storage_list")
    assert_bucket_is_clean(server, keys=set())


def test_doctor_stops_at_a_wrong_secret_and_says_what_was_not_tried(rclone: RcloneS3) -> None:
    results = s3_storage(rclone, secret_access_key="wrong").diagnose()

    found = {result.name: result.status for result in results}
    assert found.pop("storage_credentials") is CheckStatus.PASSED
    assert found.pop("storage_list") is CheckStatus.FAILED
    assert set(found.values()) == {CheckStatus.UNKNOWN}


def test_doctor_finds_that_a_bucket_cannot_lock(moto: MotoS3, locking: MotoS3) -> None:
    lock: dict[str, Any] = {"object_lock_mode": "governance", "object_lock_days": 7}

    without, with_lock = (
        next(one for one in s3_storage(server, **lock).diagnose() if one.name == "storage_lock")
        for server in (moto, locking)
    )

    assert (without.status, with_lock.status) == (CheckStatus.FAILED, CheckStatus.PASSED)
    assert "cannot lock" in without.summary


def test_doctor_tries_the_storage_class(moto: MotoS3) -> None:
    (result,) = [one for one in s3_storage(moto, storage_class="STANDARD_IA").diagnose() if one.name == "storage_class"]

    assert (result.status, result.summary) == (CheckStatus.PASSED, "s3: archives go to STANDARD_IA")


def test_ledger_entry_of_another_storage_is_left_alone(server: S3Server, ledger: MemoryUploadLedger) -> None:
    other = Upload(storage="other", key=KEY, upload_id="u", size_bytes=1, part_bytes=1, sha256=SHA256, begun_at=AT)
    ledger.remember_upload(other)

    s3_storage(server, uploads=ledger).discard_unfinished(KEY)

    assert ledger.uploads("other") == [other]
