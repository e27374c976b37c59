"""Runs in the log: what the bus says, as log lines, ending in one canonical ``run.finished``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import (
    Event,
    ProgramOutput,
    RunFinished,
    RunQueued,
    RunStarted,
    StepFinished,
    StepStarted,
    Warned,
)

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run

_log = structlog.get_logger("run")


def log_event(event: Event) -> None:
    """Write an event of the bus to the log; progress is left to STATUS and the streams."""
    log = _log.bind(run_id=event.run_id, server=event.server)
    match event:
        case RunQueued(run=run):
            log.info("run.queued", operation=run.operation, trigger=run.trigger, requested_by=run.requested_by)
        case RunStarted(run=run):
            log.info("run.started", operation=run.operation, trigger=run.trigger)
        case StepStarted(step=step):
            log.info("step.started", step=step)
        case StepFinished(step=step, status=status, duration_seconds=seconds, error=error):
            log.info("step.finished", step=step, status=status, duration_seconds=round(seconds, 3), error=error or None)
        case ProgramOutput(program=program, line=line):
            log.debug("program.output", program=program, line=line)
        case Warned(message=message):
            log.warning("run.warning", message=message)
        case RunFinished(run=run):
            _log_finished(log, run)
        case _:
            pass


def _log_finished(log: Any, run: Run) -> None:
    fields = {
        "operation": run.operation,
        "status": run.status,
        "trigger": run.trigger,
        "tiers": sorted(run.tiers),
        "requested_by": run.requested_by,
        "backup_id": run.backup_id,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration_seconds": _duration_seconds(run),
        "error_code": run.error_code or None,
        "error": run.error or None,
        "hint": run.hint or None,
        **run.detail,
    }
    write = {
        RunStatus.SUCCESS: log.info,
        RunStatus.SKIPPED: log.info,
        RunStatus.DEGRADED: log.warning,
        RunStatus.CANCELLED: log.warning,
    }.get(run.status, log.error)
    write("run.finished", **fields)


def _duration_seconds(run: Run) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return round((run.finished_at - run.started_at).total_seconds(), 3)
