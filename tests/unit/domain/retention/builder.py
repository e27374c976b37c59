"""Backups, policies and answers for the tests of retention."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts
from octeth_backupd.domain.retention.periods import PeriodRules
from octeth_backupd.domain.retention.policy import Counts, RetentionPolicy

if TYPE_CHECKING:
    from octeth_backupd.domain.retention.decisions import CopyDecision, RetentionPlan
    from octeth_backupd.domain.retention.reasons import ReasonCode

NOW = datetime(2026, 11, 26, 4, 30, tzinfo=UTC)
DAY = timedelta(days=1)
COUNTS = Counts(daily=7, weekly=4, monthly=6)


def local_copy(state: CopyState = CopyState.PRESENT, *, verified: bool = True, **changes: Any) -> CopyFacts:
    return CopyFacts(
        **{
            "storage": "local",
            "state": state,
            "size_bytes": 100,
            "verified_at": NOW if verified else None,
            **changes,
        }
    )


def remote_copy(state: CopyState = CopyState.PRESENT, *, verified: bool = True, **changes: Any) -> CopyFacts:
    return local_copy(state, verified=verified, **{"storage": "s3", "is_remote": True, **changes})


def backup(taken_at: datetime, *copies: CopyFacts, **changes: Any) -> BackupFacts:
    return BackupFacts(
        **{
            "backup_id": f"oempro-{taken_at:%Y-%m-%d_%H-%M-%S}",
            "taken_at": taken_at,
            "copies": copies or (local_copy(),),
            **changes,
        }
    )


def nightly(days: int, *copies: CopyFacts, until: datetime = NOW, **changes: Any) -> list[BackupFacts]:
    """Return one backup for each of the nights before a moment, at 02:00, oldest first."""
    last = until.replace(hour=2, minute=0)
    return [backup(last - day * DAY, *copies, **changes) for day in reversed(range(days))]


def policy(
    counts: Counts = COUNTS,
    *,
    remote: Counts | None = None,
    keep_manual_days: int = 7,
    periods: PeriodRules | None = None,
) -> RetentionPolicy:
    """Return a policy for ``local``, and for ``s3`` where its counts are given."""
    return RetentionPolicy(
        counts={"local": counts} if remote is None else {"local": counts, "s3": remote},
        keep_manual_days=keep_manual_days,
        periods=periods or PeriodRules(timezone="UTC"),
    )


def kept_ids(plan: RetentionPlan, storage: str = "local") -> set[str]:
    return {one.backup_id for one in plan.kept if one.storage == storage}


def kept_days(plan: RetentionPlan, storage: str = "local") -> list[str]:
    return [f"{one.taken_at:%m-%d}" for one in plan.kept if one.storage == storage]


def decision(plan: RetentionPlan, one: BackupFacts, storage: str = "local") -> CopyDecision:
    return next(found for found in plan.decisions if (found.backup_id, found.storage) == (one.backup_id, storage))


def codes(plan: RetentionPlan, one: BackupFacts, storage: str = "local") -> set[ReasonCode]:
    return {reason.code for reason in decision(plan, one, storage).reasons}
