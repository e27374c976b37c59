"""What the service says of objects, uploads and parts, taken from its answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

SHA256_KEY = "sha256"
"""Name of the metadata that holds the digest of the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectFacts:
    """What the service says of an object.

    Attributes:
        etag: Without quotes.
        sha256: Of the whole, as it was given when it was stored; empty when it was not.
        restore: The header ``x-amz-restore``.
        archive_status: Of INTELLIGENT_TIERING, when the object went to one of its archive tiers.
        encryption: The service's own.
        version_id: Empty where the bucket keeps no versions.
    """

    object_key: str
    size_bytes: int
    modified_at: datetime
    etag: str = ""
    storage_class: str = ""
    sha256: str = ""
    restore: str = ""
    archive_status: str = ""
    encryption: str = ""
    version_id: str = ""
    retained_until: datetime | None = None
    legal_hold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """A part that the service holds, or just took."""

    etag: str
    size_bytes: int
    encryption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenUpload:
    """An upload in parts that is open."""

    object_key: str
    upload_id: str
    begun_at: datetime


def facts_of(object_key: str, answer: dict[str, Any]) -> ObjectFacts:
    """Return what the answer to HeadObject says."""
    metadata = {name.lower(): text for name, text in answer.get("Metadata", {}).items()}  # rclone capitalises them
    version = str(answer.get("VersionId") or "")
    until = answer.get("ObjectLockRetainUntilDate")
    return ObjectFacts(
        object_key=object_key,
        size_bytes=int(answer["ContentLength"]),
        modified_at=answer["LastModified"].astimezone(UTC),
        etag=str(answer.get("ETag", "")).strip('"'),
        storage_class=str(answer.get("StorageClass", "")),
        sha256=str(metadata.get(SHA256_KEY, "")),
        restore=str(answer.get("Restore", "")),
        archive_status=str(answer.get("ArchiveStatus", "")),
        encryption=str(answer.get("ServerSideEncryption", "")),
        version_id="" if version == "null" else version,
        retained_until=until.astimezone(UTC) if until else None,
        legal_hold=answer.get("ObjectLockLegalHoldStatus") == "ON",
    )


def listed(found: dict[str, Any]) -> ObjectFacts:
    """Return what a list says of one object: nothing of its metadata."""
    return ObjectFacts(
        object_key=found["Key"],
        size_bytes=int(found["Size"]),
        modified_at=found["LastModified"].astimezone(UTC),
        etag=str(found.get("ETag", "")).strip('"'),
        storage_class=str(found.get("StorageClass", "")),
    )


def stored_part(answer: dict[str, Any], size_bytes: int) -> StoredPart:
    """Return what the service says of what it just took."""
    return StoredPart(
        etag=str(answer.get("ETag", "")).strip('"'),
        size_bytes=size_bytes,
        encryption=str(answer.get("ServerSideEncryption", "")),
    )


def open_upload(found: dict[str, Any]) -> OpenUpload:
    """Return one of the open uploads of a list."""
    return OpenUpload(object_key=found["Key"], upload_id=found["UploadId"], begun_at=found["Initiated"].astimezone(UTC))
