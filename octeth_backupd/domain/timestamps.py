"""Times as text, one spelling for control interface, manifest and names: ISO 8601, UTC, whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_text(at: datetime) -> str:
    """Return a time as ``2026-11-22T02:00:00Z``; the fraction of its second is dropped.

    Raises:
        ValueError: It has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without time zone names no moment")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def optional_utc_text(at: datetime | None) -> str | None:
    """Return ``utc_text`` of a time that may be unknown."""
    return None if at is None else utc_text(at)
