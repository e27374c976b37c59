"""Figures of an installation as metrics are made of; a test names only what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, Tier
from octeth_backupd.domain.figures import (
    CatalogFigures,
    CopyFigures,
    EndedRun,
    Figures,
    GoodBackup,
    PendingFigures,
    PlaceFigures,
    RestoreFigures,
    ScheduleFigures,
    StepFigures,
)
from octeth_backupd.domain.holdings import ProofLevel

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
GIB = 1 << 30
HOUR = timedelta(hours=1)


def make_figures(catalog: dict[str, Any] | None = None, **changes: Any) -> Figures:
    """Build figures of one server, oempro, with a daily schedule, a bucket and no backup yet."""
    figures = Figures(
        taken_at=NOW,
        version="0.1.0",
        started_at=NOW - 2 * HOUR,
        servers=("oempro",),
        storages=("local", "s3"),
        catalog=CatalogFigures(**(catalog or {})),
        schedules=(ScheduleFigures(server="oempro", tier=Tier.DAILY, next_due=NOW + 14 * HOUR, paused=False),),
    )
    return replace(figures, **changes)


def make_full_figures(**changes: Any) -> Figures:
    """Build figures in which every metric has a series."""
    catalog: dict[str, Any] = {
        "good": {
            "oempro": GoodBackup(
                backup_id="oempro-1", taken_at=NOW - 10 * HOUR, data_bytes=5 * GIB, archive_bytes=2 * GIB
            )
        },
        "good_of_tier": {("oempro", Tier.DAILY): NOW - 10 * HOUR},
        "ended": {
            "oempro": EndedRun(
                run_id="run-1",
                status=RunStatus.DEGRADED,
                finished_at=NOW - 9 * HOUR,
                duration_seconds=240.0,
                steps=(
                    StepFigures(name="preflight", duration_seconds=1.5),
                    StepFigures(name="archive", duration_seconds=60.0, done_bytes=2 * GIB),
                ),
            )
        },
        "runs": {("oempro", Operation.BACKUP, RunStatus.FAILED): 3, ("", Operation.SYNC, RunStatus.SUCCESS): 1},
        "slots": {("oempro", Tier.DAILY, SlotState.MISSED): 2},
        "copies": {
            ("oempro", Tier.DAILY, "local", CopyState.PRESENT): CopyFigures(count=7, size_bytes=14 * GIB),
            ("oempro", Tier.DAILY, "s3", CopyState.PENDING): CopyFigures(count=1, size_bytes=2 * GIB),
        },
        "pending": {("oempro", "s3"): PendingFigures(count=1, size_bytes=2 * GIB, since=NOW - 8 * HOUR)},
        "holds": {"oempro": 1},
        "proven": {("oempro", ProofLevel.STARTED): NOW - 48 * HOUR},
        "known_since": {("oempro", Tier.DAILY): NOW - 100 * HOUR},
        "size_bytes": 4096,
    }
    figures = make_figures(
        catalog,
        running={("oempro", Operation.RESTORE): NOW - HOUR},
        restores={"oempro": RestoreFigures(open_restores=1, safety_copies=2, safety_copy_bytes=9 * GIB)},
        places=(PlaceFigures(place="backups", free_bytes=GIB, size_bytes=10 * GIB),),
        warnings=2,
    )
    return replace(figures, **changes)
