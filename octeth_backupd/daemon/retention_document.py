"""The retention plan of a server as the control interface tells it, rendered fast: it may be of thousands of copies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.retention.statistics import shares
from octeth_backupd.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.holdings import Hold
    from octeth_backupd.domain.retention.policy import RetentionPolicy
    from octeth_backupd.pipeline.retention.inventory import Inventory


def retention_json(inventory: Inventory, policy: RetentionPolicy, waits_for: str) -> str:
    """Return a server's plan as a JSON object; keys are only ever added.

    Args:
        inventory: What there is, and the plan.
        policy: The policy in force.
        waits_for: Why nothing expires until somebody confirms it; empty: it goes on by itself.
    """
    document = {
        "server": inventory.server,
        "waits_for": waits_for,
        "policy": _policy(policy),
        "holds": [_hold(hold) for hold in inventory.holds],
        "shares": [
            {"storage": one.storage, "tier": one.tier.value, "copies": one.copies, "size_bytes": one.size_bytes}
            for one in shares(inventory.backups)
        ],
        "expiring_copies": sum(decision.expires for decision in inventory.plan.decisions),
        "expiring_bytes": inventory.plan.expiring_bytes,
    }
    return f'{_text(document)[:-1]},"copies":[{",".join(_copies(inventory))}]}}'


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


def _copies(inventory: Inventory) -> Iterator[str]:
    """Yield each copy as JSON, put together from parts that recur: most of what goes, goes for the same reason."""
    heads = {
        backup.backup_id: f'{{"backup_id":{_text(backup.backup_id)},"taken_at":"{utc_text(backup.taken_at)}"'
        for backup in inventory.backups
    }
    storages = {decision.storage: _text(decision.storage) for decision in inventory.plan.decisions}
    told: dict[int, str] = {}
    for one in inventory.plan.decisions:
        for reason in one.reasons:
            if id(reason) not in told:
                told[id(reason)] = _text({"code": reason.code.value, "words": reason.words})
        reasons = ",".join([told[id(reason)] for reason in one.reasons])
        expires, after = ("true", _text(one.after)) if one.expires else ("false", "[]")
        yield (
            f'{heads[one.backup_id]},"storage":{storages[one.storage]},"size_bytes":{one.size_bytes},'
            f'"expires":{expires},"after":{after},"reasons":[{reasons}]}}'
        )


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
