"""A backup as the control interface and the command line show it: what it is, not the whole manifest."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.timestamps import optional_utc_text, utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.domain.backup import Backup, Copy, Tier

READABLE_STATES = frozenset({CopyState.PRESENT, CopyState.RETAINED})
"""States of a copy from which a restore can read."""


class BackupStatus(StrEnum):
    """What a backup is worth, in one word."""

    GOOD = "good"
    SUSPECT = "suspect"
    """Its content is doubted; ``Backup.suspect`` says why."""
    PENDING = "pending"
    """No copy is there yet, one is on its way."""
    CORRUPT = "corrupt"
    """No copy can be read, one is there and damaged."""
    MISSING = "missing"
    """No copy is where it should be."""
    DELETED = "deleted"
    """All copies were removed on purpose; only history is left."""


def backup_status(suspect: str, states: Iterable[CopyState]) -> BackupStatus:
    """Return what a backup with this doubt and these copies is worth."""
    found = set(states)
    if found and found <= {CopyState.DELETED}:
        return BackupStatus.DELETED
    if suspect:
        return BackupStatus.SUSPECT
    if found & READABLE_STATES:
        return BackupStatus.GOOD
    if found & {CopyState.PENDING, CopyState.UPLOADING}:
        return BackupStatus.PENDING
    if CopyState.CORRUPT in found:
        return BackupStatus.CORRUPT
    return BackupStatus.MISSING


def sorted_tiers(tiers: Iterable[Tier]) -> tuple[Tier, ...]:
    """Return tiers from the lowest to the highest, the order in which they are shown and stored."""
    return tuple(sorted(tiers, key=lambda tier: tier.rank))


def backup_summary(backup: Backup, *, pinned: bool = False) -> dict[str, Any]:
    """Return a backup as JSON types; ``Catalog.backups_json`` renders the same in SQL.

    Args:
        backup: Whose.
        pinned: Whether it is pinned now.
    """
    return {
        "id": backup.backup_id,
        "server": backup.server,
        "taken_at": utc_text(backup.taken_at),
        "finished_at": utc_text(backup.finished_at),
        "tier": backup.tier.value,
        "tiers": [tier.value for tier in sorted_tiers(backup.tiers)],
        "trigger": backup.trigger.value,
        "mode": backup.mode.value,
        "run_id": backup.run_id,
        "installation_id": backup.installation_id,
        "archive_name": backup.archive_name,
        "sha256": backup.sha256,
        "data_bytes": backup.data_bytes,
        "archive_bytes": backup.archive_bytes,
        "vendor": backup.vendor,
        "server_version": backup.server_version,
        "engine": backup.engine,
        "engine_version": backup.engine_version,
        "to_lsn": backup.to_lsn,
        "last_lsn": backup.last_lsn,
        "suspect": backup.suspect,
        "origin": backup.origin.value,
        "pinned": pinned,
        "status": backup_status(backup.suspect, (copy.state for copy in backup.copies)).value,
        "copies": [_copy_summary(copy) for copy in sorted(backup.copies, key=lambda copy: copy.storage)],
    }


def _copy_summary(copy: Copy) -> dict[str, Any]:
    return {
        "storage": copy.storage,
        "key": copy.key,
        "state": copy.state.value,
        "size_bytes": copy.size_bytes,
        "verified_at": optional_utc_text(copy.verified_at),
        "detail": copy.detail,
    }
