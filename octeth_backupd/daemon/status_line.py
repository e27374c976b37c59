"""The line that ``systemctl status`` shows: which steps run and how far they are, or how the last run ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus

if TYPE_CHECKING:
    from datetime import tzinfo

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.events import StepProgress

_MIB = 1 << 20
_LONGEST_ERROR = 120
_LOOKED_THROUGH = 500
_FAILURES = frozenset({RunStatus.FAILED, RunStatus.DEGRADED})


def is_told(run: Run) -> bool:
    """Return whether a run's end is a result that an operator looks for, rather than the daemon's own housekeeping."""
    return run.status.is_final and run.status is not RunStatus.SKIPPED and not run.operation.is_background


def last_told(catalog: Catalog) -> Run | None:
    """Return the run whose result is the last one, from before the daemon's start."""
    return next((run for run in catalog.runs(limit=_LOOKED_THROUGH) if is_told(run)), None)


def idle_line(last: Run | None, zone: tzinfo | None = None) -> str:
    """Say that nothing runs, and how the last run ended.

    Args:
        last: None while there was none.
        zone: The times' zone; the machine's when None, as ``systemctl`` has it.
    """
    if last is None:
        return "idle"
    subject = f"{last.operation} {last.backup_id}" if last.backup_id else f"{last.operation} of {last.server}"
    words = ["idle; last:", subject, f"{last.status.value}, suspect," if last.suspect else last.status.value]
    if last.finished_at is not None:
        words.append(f"{last.finished_at.astimezone(zone):%Y-%m-%d %H:%M %Z}")
    said = " ".join(words)
    return f"{said}: {_one_line(last.error)}" if last.error and last.status in _FAILURES else said


def step_line(progress: StepProgress) -> str:
    """Say which step runs and how far it is."""
    done, total = progress.done_bytes, progress.total_bytes
    share = f"{min(99, 100 * done // total)} %" if total else f"{done // _MIB} MiB"
    return f"{progress.server}: {progress.step} {share}"


def _one_line(error: str) -> str:
    """Return an error's first line: each line that systemd is told is an assignment of its own."""
    first = error.strip().partition("\n")[0]
    return first if len(first) <= _LONGEST_ERROR else f"{first[:_LONGEST_ERROR]}…"
