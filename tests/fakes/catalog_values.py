"""Small builders of what a catalog holds; a test names only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from octeth_backupd.domain.backup import (
    Backup,
    Copy,
    CopyState,
    Mode,
    Operation,
    Run,
    RunStatus,
    Slot,
    StepRecord,
    Tier,
    Trigger,
)
from octeth_backupd.domain.names import archive_name, backup_id, storage_key

START = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)


class StandingClock:
    """A clock that shows one time."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic_seconds(self) -> float:
        return 0.0


def make_copy(of: str, storage: str = "local", state: CopyState = CopyState.PRESENT, **fields: Any) -> Copy:
    values: dict[str, Any] = {
        "backup_id": of,
        "storage": storage,
        "key": f"oempro/daily/{of}.tar.zst",
        "state": state,
        "size_bytes": 2_000,
        "updated_at": START,
    }
    return Copy(**values | fields)


def make_backup(
    server: str = "oempro",
    taken_at: datetime = START,
    *,
    copies: dict[str, CopyState] | None = None,
    **fields: Any,
) -> Backup:
    """Return a good backup; ``copies`` maps storage to state, one present local copy unless given."""
    name = archive_name(taken_at, Mode.PREPARED, ".zst")
    own_id = backup_id(server, taken_at)
    states = {"local": CopyState.PRESENT} if copies is None else copies
    values: dict[str, Any] = {
        "backup_id": own_id,
        "server": server,
        "taken_at": taken_at,
        "finished_at": taken_at + timedelta(minutes=3),
        "tier": Tier.DAILY,
        "tiers": frozenset({Tier.DAILY}),
        "trigger": Trigger.SCHEDULE,
        "mode": Mode.PREPARED,
        "run_id": f"run-{own_id}",
        "installation_id": "11111111-2222-3333-4444-555555555555",
        "archive_name": name,
        "sha256": "ab" * 32,
        "data_bytes": 10_000,
        "archive_bytes": 2_000,
        "vendor": "mysql",
        "server_version": "8.0.36",
        "engine": "xtrabackup",
        "engine_version": "8.0.35",
        "to_lsn": 19_000,
        "last_lsn": 19_500,
        "manifest": {"format_version": 1},
        "copies": tuple(
            make_copy(own_id, storage, state, key=storage_key(server, Tier.DAILY, name))
            for storage, state in sorted(states.items())
        ),
    }
    return Backup(**values | fields)


def make_run(run_id: str = "run-1", created_at: datetime = START, **fields: Any) -> Run:
    values: dict[str, Any] = {
        "run_id": run_id,
        "operation": Operation.BACKUP,
        "server": "oempro",
        "trigger": Trigger.MANUAL,
        "tiers": frozenset({Tier.MANUAL}),
        "status": RunStatus.QUEUED,
        "created_at": created_at,
    }
    return Run(**values | fields)


def make_step(run_id: str = "run-1", position: int = 1, **fields: Any) -> StepRecord:
    values: dict[str, Any] = {
        "run_id": run_id,
        "position": position,
        "name": "preflight",
        "status": RunStatus.RUNNING,
        "started_at": START,
    }
    return StepRecord(**values | fields)


def make_slot(due_at: datetime = START, schedule: str = "daily", server: str = "oempro", **fields: Any) -> Slot:
    values: dict[str, Any] = {"server": server, "schedule": schedule, "tier": Tier.DAILY, "due_at": due_at}
    return Slot(**values | fields)
