"""What objects are given beside their content."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from octeth_backupd.storage.s3_options import archive_options, lasting_text_options, text_options
from octeth_backupd.storage.s3_settings import S3Settings

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def test_digest_alone_is_given_by_default() -> None:
    assert archive_options(S3Settings(bucket="b"), "ab", NOW) == {"Metadata": {"sha256": "ab"}}


def test_archive_has_class_lock_encryption_and_tags() -> None:
    settings = S3Settings(
        bucket="b",
        storage_class="GLACIER",
        object_lock_mode="compliance",
        object_lock_days=30,
        server_side_encryption="aws:kms",
        kms_key_id="k",
        tags={"a b": "c=d"},
    )

    assert archive_options(settings, "ab", NOW) == {
        "Metadata": {"sha256": "ab"},
        "StorageClass": "GLACIER",
        "ObjectLockMode": "COMPLIANCE",
        "ObjectLockRetainUntilDate": NOW + timedelta(days=30),
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "k",
        "Tagging": "a%20b=c%3Dd",
    }


def test_manifest_is_locked_but_never_in_a_class_that_cannot_be_read_at_once() -> None:
    settings = S3Settings(bucket="b", storage_class="GLACIER", object_lock_mode="governance", object_lock_days=1)

    options = lasting_text_options(settings, "ab", NOW)

    assert ("StorageClass" in options, options["ObjectLockMode"]) == (False, "GOVERNANCE")


def test_state_file_is_never_locked() -> None:
    settings = S3Settings(bucket="b", object_lock_mode="governance", object_lock_days=1)

    assert text_options(settings, "ab") == {"Metadata": {"sha256": "ab"}}
