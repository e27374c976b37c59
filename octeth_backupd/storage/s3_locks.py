"""Object locks, found out before a delete: a bucket with versions hides a locked object without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import RetainedError, StorageError
from octeth_backupd.storage.s3_errors import DENIED, S3RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from octeth_backupd.storage.s3_client import S3Client
    from octeth_backupd.storage.s3_objects import ObjectFacts

_NO_LOCK = frozenset(
    {
        "NoSuchObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "InvalidRequest",
        "MethodNotAllowed",
        "NotImplemented",
        "NoSuchKey",
        "404",
        "405",
        "501",
    }
)
"""What services answer when there is no lock, or when they have no such thing."""


def require_no_lock(client: S3Client, key: str, facts: ObjectFacts, *, is_expected: bool, now: datetime) -> None:
    """Refuse to go on when a lock holds an object.

    Args:
        client: To ask for what ``facts`` leaves out when this access key may not see it.
        key: For messages.
        facts: Of the object.
        is_expected: We lock objects ourselves.
        now: Locks that ended before hold nothing.

    Raises:
        RetainedError: A lock holds it.
        StorageError: Whether one does is not to be found out.
    """
    if facts.legal_hold:
        raise RetainedError(f"{key} is under a legal hold", until=None, hint="Whoever set the hold can end it.")
    until = facts.retained_until
    if until is None and (facts.version_id or is_expected):  # locks are of versions
        until = _asked(client, key, facts)
    if until is not None and until > now:
        raise RetainedError(
            f"{key} is locked until {until:%Y-%m-%d %H:%M} UTC",
            until=until,
            hint="It can be deleted afterwards; nothing need be done.",
        )


def require_lock(client: S3Client, object_key: str, options: Mapping[str, Any]) -> None:
    """See to it that an object is locked as it was to be; not every service heeds what an upload in parts says.

    Args:
        client: To ask, and to lock.
        object_key: Of the object.
        options: That it was stored with.
    """
    until = options.get("ObjectLockRetainUntilDate")
    if until is not None and client.head(object_key).retained_until is None:
        client.retain(object_key, options["ObjectLockMode"], until)


def _asked(client: S3Client, key: str, facts: ObjectFacts) -> datetime | None:
    try:
        return client.retention(facts.object_key)
    except S3RefusedError as exc:
        if exc.reason in _NO_LOCK:
            return None
        if exc.reason in DENIED:
            raise StorageError(
                f"{key} may be locked, and this access key may not see whether it is",
                hint="Allow s3:GetObjectRetention and s3:GetObjectLegalHold; deleting a locked object only hides it.",
            ) from exc
        raise
