"""What copies take up, by storage backend and tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.domain.backup import Tier
    from octeth_backupd.domain.retention.facts import BackupFacts

_TAKES_NO_ROOM = frozenset({CopyState.DELETED, CopyState.MISSING, CopyState.PENDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The copies of one tier in one storage backend."""

    storage: str
    tier: Tier
    copies: int
    size_bytes: int


def shares(backups: Iterable[BackupFacts]) -> tuple[Share, ...]:
    """Return what the copies of backups take up, by storage backend and the tier they are stored under."""
    found: dict[tuple[str, Tier], list[int]] = {}
    for backup in backups:
        for copy in backup.copies:
            if copy.state not in _TAKES_NO_ROOM:
                found.setdefault((copy.storage, backup.tier), []).append(copy.size_bytes)
    ordered = sorted(found.items(), key=lambda one: (one[0][0], one[0][1].rank))
    return tuple(
        Share(storage=storage, tier=tier, copies=len(sizes), size_bytes=sum(sizes))
        for (storage, tier), sizes in ordered
    )
