"""What an object is given beside its content: digest, class, encryption, tags, lock."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from octeth_backupd.storage.s3_objects import SHA256_KEY

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.storage.s3_settings import S3Settings


def archive_options(settings: S3Settings, sha256: str, now: datetime) -> dict[str, Any]:
    """Return the options of an archive, as the API calls them."""
    options = lasting_text_options(settings, sha256, now)
    if settings.storage_class:
        options["StorageClass"] = settings.storage_class
    return options


def lasting_text_options(settings: S3Settings, sha256: str, now: datetime) -> dict[str, Any]:
    """Return those of a checksum or manifest: locked like its archive, but always in a class that is read at once."""
    options = text_options(settings, sha256)
    if settings.object_lock_mode:
        options["ObjectLockMode"] = settings.object_lock_mode.upper()
        options["ObjectLockRetainUntilDate"] = now + timedelta(days=settings.object_lock_days)
    return options


def text_options(settings: S3Settings, sha256: str) -> dict[str, Any]:
    """Return those of a text that is replaced again and again: never locked."""
    options: dict[str, Any] = {"Metadata": {SHA256_KEY: sha256}}
    if settings.server_side_encryption:
        options["ServerSideEncryption"] = settings.server_side_encryption
    if settings.kms_key_id:
        options["SSEKMSKeyId"] = settings.kms_key_id
    if settings.tags:
        options["Tagging"] = urlencode(settings.tags, quote_via=quote)
    return options
