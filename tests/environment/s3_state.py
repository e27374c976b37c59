"""What a bucket holds, seen by a client that is not ours: for the assertions of tests."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.environment.s3_servers import S3Endpoint

_CHUNK_BYTES: Final = 1 << 20
_TIMEOUT_SECONDS: Final = 60
_LOOKS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUpload:
    """A multipart upload that was neither completed nor aborted.

    Attributes:
        part_bytes: Part number → size.
    """

    key: str
    upload_id: str
    part_bytes: dict[int, int]


def s3_client(
    endpoint: S3Endpoint,
    *,
    secret_access_key: str | None = None,
    ca_bundle: Path | None = None,
    timeout_seconds: float = _TIMEOUT_SECONDS,
    attempts: int = 1,
) -> Any:
    """Return a boto3 client that tries everything once, unless told otherwise.

    Args:
        endpoint: A server, or a proxy in front of one.
        secret_access_key: Default: the right one.
        ca_bundle: Trusted in place of the system's authorities.
        timeout_seconds: For a connection, and for each read from it.
        attempts: How often it tries what fails in passing.
    """
    return boto3.client(
        "s3",
        endpoint_url=endpoint.endpoint_url,
        region_name=endpoint.region,
        aws_access_key_id=endpoint.access_key_id,
        aws_secret_access_key=secret_access_key or endpoint.secret_access_key,
        verify=None if ca_bundle is None else str(ca_bundle),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": attempts, "mode": "standard"},
            connect_timeout=timeout_seconds,
            read_timeout=timeout_seconds,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            # No proxy of the machine's stands between a test and its server.
            proxies={"http": "", "https": ""},
        ),
    )


def _observer(endpoint: S3Endpoint) -> Any:
    """Return a client to look with: rclone answers 500 for a while after a PUT that broke off."""
    return s3_client(endpoint, attempts=_LOOKS)


def objects(endpoint: S3Endpoint, prefix: str = "") -> dict[str, int]:
    """Return key → size in bytes of every object below a prefix."""
    pages = _observer(endpoint).get_paginator("list_objects_v2").paginate(Bucket=endpoint.bucket, Prefix=prefix)
    return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", ())}


def open_uploads(endpoint: S3Endpoint, prefix: str = "") -> list[OpenUpload]:
    """Return every open multipart upload below a prefix, with its parts."""
    client = _observer(endpoint)
    pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=endpoint.bucket)
    try:
        entries = [entry for page in pages for entry in page.get("Uploads", ())]
    except client.exceptions.NoSuchUpload:
        return []  # rclone's answer for a bucket that never had one
    return [
        OpenUpload(
            key=entry["Key"],
            upload_id=entry["UploadId"],
            part_bytes=_part_sizes(client, endpoint.bucket, entry["Key"], entry["UploadId"]),
        )
        for entry in entries
        if entry["Key"].startswith(prefix)
    ]


def object_sha256(endpoint: S3Endpoint, key: str) -> str:
    """Return the SHA-256 of an object's bytes, in hex; the object may be larger than the memory."""
    digest = hashlib.sha256()
    body = _observer(endpoint).get_object(Bucket=endpoint.bucket, Key=key)["Body"]
    for chunk in body.iter_chunks(_CHUNK_BYTES):
        digest.update(chunk)
    return digest.hexdigest()


def object_bytes(endpoint: S3Endpoint, key: str) -> bytes:
    """Return the content of a small object."""
    return bytes(_observer(endpoint).get_object(Bucket=endpoint.bucket, Key=key)["Body"].read())


def assert_object(endpoint: S3Endpoint, key: str, *, sha256: str) -> None:
    """Fail unless the bucket holds this object with exactly these bytes."""
    stored = objects(endpoint, key)
    assert key in stored, f"no object {key}; there is {sorted(objects(endpoint))}"
    actual = object_sha256(endpoint, key)
    assert actual == sha256, f"{key} ({stored[key]} bytes) has SHA-256 {actual}, not {sha256}"


def assert_bucket_is_clean(endpoint: S3Endpoint, *, keys: set[str]) -> None:
    """Fail unless the bucket holds these objects, no other, and no open upload."""
    assert set(objects(endpoint)) == keys
    assert open_uploads(endpoint) == []


def _part_sizes(client: Any, bucket: str, key: str, upload_id: str) -> dict[int, int]:
    pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload_id)
    return {part["PartNumber"]: part["Size"] for page in pages for part in page.get("Parts", ())}
