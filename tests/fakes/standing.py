"""Small builders of how everything stands; a test names only what it is about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from octeth_backupd.domain.backup import Operation, RunStatus, Tier
from octeth_backupd.domain.cron import CronRule
from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.notices.standing import (
    GoodBackup,
    ScheduleFacts,
    Series,
    ServerFacts,
    Standing,
    StorageFacts,
)
from tests.fakes.catalog_values import START, make_run

DAILY = CronRule(expression="0 2 * * *", timezone="UTC")
WEEKLY = CronRule(expression="0 2 * * sun", timezone="UTC")
MONTHLY = CronRule(expression="0 2 1 * *", timezone="UTC")


def good(hours_ago: float = 0, **fields: Any) -> GoodBackup:
    values: dict[str, Any] = {"backup_id": "oempro-1", "taken_at": START - timedelta(hours=hours_ago)}
    return GoodBackup(**values | fields)


def schedule(tier: Tier = Tier.DAILY, **fields: Any) -> ScheduleFacts:
    values: dict[str, Any] = {
        "server": "oempro",
        "name": tier.value,
        "tier": tier,
        "rule": {Tier.DAILY: DAILY, Tier.WEEKLY: WEEKLY, Tier.MONTHLY: MONTHLY}[tier],
        "known_since": START - timedelta(days=90),
    }
    return ScheduleFacts(**values | fields)


def series(status: RunStatus = RunStatus.FAILED, operation: Operation = Operation.BACKUP, **fields: Any) -> Series:
    run = make_run(
        operation=operation, status=status, finished_at=START, **{"error": "it went wrong", "hint": "Mend it."} | fields
    )
    return Series(operation=operation, count=1, since=START, last=run, without_backup=1)


def server(*schedules: ScheduleFacts, **fields: Any) -> ServerFacts:
    return ServerFacts(**{"name": "oempro", "schedules": schedules} | fields)


def storage(**fields: Any) -> StorageFacts:
    values: dict[str, Any] = {
        "name": "s3",
        "waiting_copies": 2,
        "waiting_bytes": 3 << 30,
        "waiting_since": START - timedelta(hours=1),
    }
    return StorageFacts(**values | fields)


def standing(*servers: ServerFacts, **fields: Any) -> Standing:
    values: dict[str, Any] = {"now": START, "watching_since": START - timedelta(days=90), "servers": servers}
    return Standing(**values | fields)


def current(key: str = "failing:backup:oempro/engine", **fields: Any) -> CurrentProblem:
    values: dict[str, Any] = {
        "kind": NoticeKind.FAILURE,
        "severity": Severity.ERROR,
        "server": "oempro",
        "title": f"title of {key}",
        "cause": "it went wrong",
        "hint": "Mend it.",
        "command": "octeth-backupctl doctor",
        "since": START,
    }
    return CurrentProblem(key=key, **values | fields)
