"""What the planner knows of backups, copies and holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Tier
from octeth_backupd.domain.summary import READABLE_STATES

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.holdings import ProofLevel

ON_THE_WAY = frozenset({CopyState.PENDING, CopyState.UPLOADING})


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """A copy, as far as retention looks at it.

    Attributes:
        is_remote: It lies in a remote storage backend.
        verified_at: When its bytes were last confirmed to be the right ones, by reading them back or by the digests
            of the storage backend; None: never.
        retained_until: Until when the storage backend refuses to delete it; None: it does not, or it did not say.
        is_expiring: Its deletion has begun: what is left of it is no backup.
    """

    storage: str
    state: CopyState
    size_bytes: int
    is_remote: bool = False
    verified_at: datetime | None = None
    retained_until: datetime | None = None
    is_expiring: bool = False

    @property
    def is_there(self) -> bool:
        """Return whether it can be restored from, as far as is known."""
        return self.state in READABLE_STATES and not self.is_expiring

    @property
    def is_on_the_way(self) -> bool:
        """Return whether it is to be uploaded; what is to be deleted is not."""
        return self.state in ON_THE_WAY and not self.is_expiring

    @property
    def is_verified(self) -> bool:
        """Return whether it is there and its bytes were once confirmed."""
        return self.is_there and self.verified_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """A backup, as far as retention looks at it.

    Attributes:
        tier: What it is stored under; for statistics, it decides nothing.
        is_ours: Of this installation or one that was taken over; all others are left alone.
        is_adopted: Of the bash tool: good only when a copy of it was verified.
        suspect: Why its content is doubted; empty: it is not.
        proof_level: The highest level that was proven of it, None when nothing was.
        parent_ids: The backups that it cannot be restored without.
    """

    backup_id: str
    taken_at: datetime
    copies: tuple[CopyFacts, ...]
    tier: Tier = Tier.DAILY
    is_manual: bool = False
    is_ours: bool = True
    is_adopted: bool = False
    suspect: str = ""
    is_pinned: bool = False
    proof_level: ProofLevel | None = None
    parent_ids: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Return whether it may stand for a period."""
        return not self.suspect and any(copy.is_verified if self.is_adopted else copy.is_there for copy in self.copies)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldFacts:
    """A hold that is open: a doubt about content that nobody has answered.

    Attributes:
        reason: The doubt, in words.
        begun_at: When it began.
        protected: What ``decisions.protected_ids`` was when it began.
        backup_id: What the doubt is about; None: nothing in particular.
    """

    reason: str
    begun_at: datetime
    protected: frozenset[str]
    backup_id: str | None = None

    def protects(self, backup: BackupFacts) -> bool:
        """Return whether no copy of a backup may expire because of this hold."""
        return backup.backup_id in self.protected or backup.backup_id == self.backup_id
