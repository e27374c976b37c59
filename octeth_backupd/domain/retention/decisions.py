"""What the planner answers: a decision for each copy, and the order of what goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.holdings import ProofLevel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from octeth_backupd.domain.retention.facts import BackupFacts
    from octeth_backupd.domain.retention.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDecision:
    """Whether a copy is kept.

    Attributes:
        reasons: All of them, never none.
        after: Storage backends whose copy of the same backup must be gone before this one goes.
        staying: Of one that goes: storage backends whose copy of the same backup can be read, and stays.
    """

    backup_id: str
    taken_at: datetime
    storage: str
    is_remote: bool
    size_bytes: int
    expires: bool
    reasons: tuple[Reason, ...]
    after: tuple[str, ...] = ()
    staying: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPlan:
    """What becomes of the copies of one server's backups; deleted ones are not in it.

    Attributes:
        decisions: Newest backup first.
    """

    decisions: tuple[CopyDecision, ...]

    @property
    def kept(self) -> tuple[CopyDecision, ...]:
        """Return the copies that stay."""
        return tuple(decision for decision in self.decisions if not decision.expires)

    @property
    def expiring(self) -> tuple[CopyDecision, ...]:
        """Return the copies that go, in the order in which to delete them: oldest backup first, remote before local."""
        going = (decision for decision in self.decisions if decision.expires)
        return tuple(sorted(going, key=lambda one: (one.taken_at, one.backup_id, not one.is_remote, one.storage)))

    @property
    def expiring_bytes(self) -> int:
        """Return what all that goes takes up."""
        return sum(decision.size_bytes for decision in self.decisions if decision.expires)


def protected_ids(plan: RetentionPlan, backups: Iterable[BackupFacts]) -> frozenset[str]:
    """Return the backups that a hold which begins now protects: what the policy keeps, and what was proven.

    Args:
        plan: The plan at this moment.
        backups: What it was made of. Proven is what a server was started on: that bytes arrived proves no content.
    """
    proven = {
        backup.backup_id
        for backup in backups
        if backup.proof_level is not None and backup.proof_level.rank >= ProofLevel.STARTED.rank
    }
    return frozenset({decision.backup_id for decision in plan.kept} | proven)
