"""Settings of a bucket: what is refused, and what follows from an endpoint."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.storage.s3_settings import S3Settings


def test_bucket_alone_is_enough() -> None:
    settings = S3Settings(bucket="my-backups")

    assert (settings.addressing_style, settings.checksum_mode, settings.secrets) == ("auto", "when_supported", ())


def test_other_services_are_addressed_by_path_and_spared_the_newer_checksums() -> None:
    settings = S3Settings(bucket="b", endpoint_url="https://minio.example.com:9000")

    assert (settings.addressing_style, settings.checksum_mode) == ("path", "when_required")


def test_what_is_said_wins_over_what_an_endpoint_suggests() -> None:
    settings = S3Settings(
        bucket="b", endpoint_url="https://x.example.com", addressing="virtual", checksums="when_supported"
    )

    assert (settings.addressing_style, settings.checksum_mode) == ("virtual", "when_supported")


def test_secrets_are_what_must_be_redacted_and_are_not_shown() -> None:
    settings = S3Settings.model_validate(
        {"bucket": "b", "access_key_id": "AK", "secret_access_key": "hidden-1", "session_token": "hidden-2"}
    )

    assert settings.secrets == ("hidden-1", "hidden-2")
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    "values",
    [
        {"bucket": ""},
        {"bucket": "s3://b"},
        {"bucket": "b/prefix"},
        {"prefix": "/x"},
        {"prefix": "x/"},
        {"prefix": "x//y"},
        {"prefix": "x/../y"},
        {"prefix": "x\ny"},
        {"endpoint_url": "minio.example.com"},
        {"endpoint_url": "ftp://x"},
        {"endpoint_url": "https://user:secret@x"},
        {"access_key_id": "a"},
        {"secret_access_key": "s"},
        {"session_token": "t"},
        {"access_key_id": "a", "secret_access_key": "s", "profile": "p"},
        {"object_lock_mode": "governance"},
        {"object_lock_days": 3},
        {"object_lock_mode": "legal", "object_lock_days": 3},
        {"kms_key_id": "k"},
        {"server_side_encryption": "AES256", "kms_key_id": "k"},
        {"part_size": "1 MiB"},
        {"part_size": "6 GiB"},
        {"parallel_parts": 0},
        {"storage_class": "standard ia"},
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        S3Settings.model_validate({"bucket": "b", **values})


def test_bucket_in_the_endpoint_is_refused_and_another_path_is_not() -> None:
    with pytest.raises(ValidationError, match="leave it out there"):
        S3Settings(bucket="b", endpoint_url="https://minio.example.com:9000/b")

    assert S3Settings(bucket="b", endpoint_url="https://x.example.com/storage/v1/s3").endpoint_url.endswith("/s3")
