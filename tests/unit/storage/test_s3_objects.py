"""What is taken from the answers of a service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from octeth_backupd.storage.s3_objects import facts_of, listed, open_upload, stored_part

AT = datetime(2026, 11, 22, 3, 0, tzinfo=timezone(timedelta(hours=1)))


def test_facts_are_in_utc_without_quotes_and_whatever_the_case_of_metadata() -> None:
    facts = facts_of(
        "k",
        {
            "ContentLength": 5,
            "LastModified": AT,
            "ETag": '"abc-2"',
            "Metadata": {"Sha256": "ff"},
            "VersionId": "v",
            "ObjectLockRetainUntilDate": AT,
            "ObjectLockLegalHoldStatus": "ON",
            "ServerSideEncryption": "aws:kms",
        },
    )

    assert (facts.size_bytes, facts.etag, facts.sha256, facts.version_id) == (5, "abc-2", "ff", "v")
    assert facts.modified_at == AT
    assert facts.modified_at.tzinfo is UTC
    assert (facts.retained_until, facts.legal_hold, facts.encryption) == (AT, True, "aws:kms")


def test_what_a_service_does_not_say_is_empty() -> None:
    facts = facts_of("k", {"ContentLength": 0, "LastModified": AT, "VersionId": "null"})

    assert (facts.etag, facts.sha256, facts.storage_class, facts.version_id) == ("", "", "", "")
    assert (facts.retained_until, facts.legal_hold, facts.restore) == (None, False, "")


def test_lists_parts_and_uploads_are_read_likewise() -> None:
    found = listed({"Key": "k", "Size": 3, "LastModified": AT, "ETag": '"e"', "StorageClass": "GLACIER"})
    upload = open_upload({"Key": "k", "UploadId": "u", "Initiated": AT})

    assert (found.size_bytes, found.etag, found.storage_class) == (3, "e", "GLACIER")
    assert (upload.upload_id, upload.begun_at.tzinfo) == ("u", UTC)
    assert stored_part({"ETag": '"e"'}, 7).size_bytes == 7
