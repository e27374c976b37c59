"""Storage backends of ours on the test servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.process.clock import SystemClock
from octeth_backupd.storage.s3 import S3Storage
from octeth_backupd.storage.s3_settings import S3Settings
from tests.environment.s3_state import open_uploads, s3_client
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from octeth_backupd.storage.base import UploadLedger
    from tests.environment.s3_servers import S3Endpoint

PREFIX = "octeth"
MIB = 1 << 20


def s3_settings(endpoint: S3Endpoint, **changes: Any) -> S3Settings:
    """Return settings for a test server, or a proxy in front of one; the smallest parts, short timeouts."""
    return S3Settings.model_validate(
        {
            "bucket": endpoint.bucket,
            "prefix": PREFIX,
            "region": endpoint.region,
            "endpoint_url": endpoint.endpoint_url,
            "access_key_id": endpoint.access_key_id,
            "secret_access_key": endpoint.secret_access_key,
            "part_size": 5 * MIB,
            "connect_timeout_seconds": 5,
            "read_timeout_seconds": 10,
            **changes,
        }
    )


def s3_storage(
    endpoint: S3Endpoint, *, uploads: UploadLedger | None = None, patience_seconds: float = 20.0, **changes: Any
) -> S3Storage:
    """Return a storage backend named s3."""
    return S3Storage(
        "s3",
        s3_settings(endpoint, **changes),
        uploads=uploads or MemoryUploadLedger(),
        clock=SystemClock(),
        patience_seconds=patience_seconds,
    )


def empty_bucket(endpoint: S3Endpoint) -> None:
    """Remove every object, version and open upload; locks are no obstacle."""
    client = s3_client(endpoint)
    for upload in open_uploads(endpoint):
        client.abort_multipart_upload(Bucket=endpoint.bucket, Key=upload.key, UploadId=upload.upload_id)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=endpoint.bucket):
        for entry in page.get("Contents", ()):
            client.delete_object(Bucket=endpoint.bucket, Key=entry["Key"])
