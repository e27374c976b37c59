"""Storage classes: which of them must be kept for how long, and which cannot be read at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.retention.settings import RetentionSettings

_MINIMUM_DAYS = {
    "STANDARD_IA": 30,
    "ONEZONE_IA": 30,
    "GLACIER_IR": 90,
    "GLACIER": 90,
    "DEEP_ARCHIVE": 180,
}
"""Source: Amazon S3 pricing, "Minimum storage duration charge"."""
_HOURS_TO_BRING_BACK = {"GLACIER": "3 to 5 hours", "DEEP_ARCHIVE": "within 12 hours"}
"""Source: Amazon S3 user guide, "Understanding archive retrieval options", tier Standard."""


def minimum_days(storage_class: str) -> int:
    """Return the days that are paid for at least; 0 for a class without such a rule, or one that is not known."""
    return _MINIMUM_DAYS.get(storage_class, 0)


def shortest_days(retention: RetentionSettings) -> int:
    """Return after how many days the first remote copies expire."""
    counts = retention.counts(is_remote=True)
    return min(counts.daily, counts.weekly * 7, counts.monthly * 28, retention.keep_manual_days)


def early_deletion(storage_class: str, kept_days: int) -> str:
    """Return what an operator should know when copies are deleted before their class allows it for free; or nothing.

    Args:
        storage_class: Empty for the usual one.
        kept_days: See ``shortest_days``; 0 when not known.
    """
    least = minimum_days(storage_class)
    if not kept_days or kept_days >= least:
        return ""
    return f"{storage_class} is paid for {least} days at least, and the first copies expire after {kept_days}"


def is_archive_class(storage_class: str) -> bool:
    """Return whether an object of this class must be brought back before it can be read."""
    return storage_class in _HOURS_TO_BRING_BACK


def is_brought_back(restore: str) -> bool:
    """Return what the header ``x-amz-restore`` says: a readable copy is there for a while."""
    return 'ongoing-request="false"' in restore


def how_to_bring_back(bucket: str, object_key: str, storage_class: str, restore: str, endpoint_url: str) -> str:
    """Return how long it takes to make an archived object readable and, on a line of its own, the command for it."""
    hours = _HOURS_TO_BRING_BACK.get(storage_class, "3 to 12 hours")
    if 'ongoing-request="true"' in restore:
        return f"It is being brought back already, which takes {hours}; try again then."
    endpoint = f" --endpoint-url {endpoint_url}" if endpoint_url else ""
    request = '\'{"Days": 7, "GlacierJobParameters": {"Tier": "Standard"}}\''
    return (
        f"Bring it back, which takes {hours}, then try again:\n"
        f"aws s3api restore-object{endpoint} --bucket {bucket} --key '{object_key}' --restore-request {request}"
    )
