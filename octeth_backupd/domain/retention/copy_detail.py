"""What retention writes into a copy's detail, and reads there again."""

from __future__ import annotations

from datetime import datetime

from octeth_backupd.domain.timestamps import utc_text

EXPIRING = "its deletion was begun"
"""Stands while the files of a copy are being deleted: what an interrupted deletion left is finished, not kept."""
_LOCKED = "locked by its storage"
_UNTIL = f"{_LOCKED} until "


def locked_detail(until: datetime | None) -> str:
    """Return the detail of a copy that an object lock holds.

    Args:
        until: When the lock ends; None when the storage did not say.
    """
    return _LOCKED if until is None else f"{_UNTIL}{utc_text(until)}"


def locked_until(detail: str) -> datetime | None:
    """Return when the lock ends that ``locked_detail`` told of; None when it told of none, or not until when."""
    if not detail.startswith(_UNTIL):
        return None
    try:
        return datetime.fromisoformat(detail.removeprefix(_UNTIL))
    except ValueError:
        return None
