"""The retention plan of a server as the control interface tells it, rendered fast: it may be of thousands of copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.retention.statistics import shares
from octeth_backupd.domain.timestamps import utc_text

if TYPE_CHECKING:
    from octeth_backupd.domain.holdings import Hold
    from octeth_backupd.domain.retention.decisions import CopyDecision
    from octeth_backupd.domain.retention.policy import RetentionPolicy
    from octeth_backupd.domain.retention.reasons import Reason
    from octeth_backupd.pipeline.retention.inventory import Inventory


def retention_document(inventory: Inventory, policy: RetentionPolicy, waits_for: str) -> dict[str, Any]:
    """Return a server's plan as JSON types; keys are only ever added.

    Args:
        inventory: What there is, and the plan.
        policy: The policy in force.
        waits_for: Why nothing expires until somebody confirms it; empty: it goes on by itself.
    """
    told: dict[int, list[dict[str, str]]] = {}
    times = {backup.backup_id: utc_text(backup.taken_at) for backup in inventory.backups}
    expiring = inventory.plan.expiring
    return {
        "server": inventory.server,
        "waits_for": waits_for,
        "policy": _policy(policy),
        "holds": [_hold(hold) for hold in inventory.holds],
        "shares": [
            {"storage": one.storage, "tier": one.tier.value, "copies": one.copies, "size_bytes": one.size_bytes}
            for one in shares(inventory.backups)
        ],
        "expiring_copies": len(expiring),
        "expiring_bytes": inventory.plan.expiring_bytes,
        "copies": [_copy(decision, times[decision.backup_id], told) for decision in inventory.plan.decisions],
    }


def _policy(policy: RetentionPolicy) -> dict[str, Any]:
    return {
        "counts": {
            name: {"daily": counts.daily, "weekly": counts.weekly, "monthly": counts.monthly}
            for name, counts in policy.counts.items()
        },
        "keep_manual_days": policy.keep_manual_days,
        "timezone": policy.periods.timezone,
        "week_begins_on": policy.periods.week_begins_on,
        "month_begins_on": policy.periods.month_begins_on,
    }


def _hold(hold: Hold) -> dict[str, Any]:
    return {
        "hold_id": hold.hold_id,
        "reason": hold.reason,
        "backup_id": hold.backup_id,
        "protected": list(hold.protected),
        "begun_at": utc_text(hold.begun_at),
    }


def _copy(decision: CopyDecision, taken_at: str, told: dict[int, list[dict[str, str]]]) -> dict[str, Any]:
    return {
        "backup_id": decision.backup_id,
        "taken_at": taken_at,
        "storage": decision.storage,
        "size_bytes": decision.size_bytes,
        "expires": decision.expires,
        "after": decision.after,
        "reasons": [reason for one in decision.reasons for reason in _reason(one, told)],
    }


def _reason(reason: Reason, told: dict[int, list[dict[str, str]]]) -> list[dict[str, str]]:
    """Return a reason as JSON types; the planner gives the same value to most of what goes."""
    key = id(reason)
    if key not in told:
        told[key] = [{"code": reason.code.value, "words": reason.words}]
    return told[key]
