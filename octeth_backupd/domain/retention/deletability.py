"""Whether an operator may delete a backup, and what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.retention.reasons import ReasonCode

if TYPE_CHECKING:
    from octeth_backupd.domain.retention.decisions import RetentionPlan
    from octeth_backupd.domain.retention.facts import BackupFacts

_FOREIGN = "it belongs to another installation"
_PINNED = "it is pinned"
_ONLY_BY_FORCE = {
    ReasonCode.NEWEST: "it is the newest",
    ReasonCode.PROVEN: "it is the newest of the highest proven level",
    ReasonCode.PARENT: "another backup cannot be restored without it",
    ReasonCode.HOLD: "a hold protects it",
}


def why_not_deletable(backup: BackupFacts, plan: RetentionPlan, *, force: bool) -> str:
    """Return why a backup must not be deleted, empty when it may.

    Args:
        backup: Which; with at least one copy that is not deleted.
        plan: The retention plan of its server: what is never expired by itself is not deleted lightly.
        force: Delete it in spite of everything but a pin and another owner.
    """
    if all(copy.state is CopyState.DELETED for copy in backup.copies):
        return "it is deleted already"
    # Asked of the backup itself: a copy in a storage backend that is not configured has no other reason than that.
    never = [words for is_so, words in ((not backup.is_ours, _FOREIGN), (backup.is_pinned, _PINNED)) if is_so]
    decisions = [decision for decision in plan.decisions if decision.backup_id == backup.backup_id]
    codes = {reason.code for decision in decisions for reason in decision.reasons}
    refusals = {} if force else _ONLY_BY_FORCE
    return " and ".join([*never, *(words for code, words in refusals.items() if code in codes)])
