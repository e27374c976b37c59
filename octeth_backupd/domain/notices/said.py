"""What is said of a run that began or ended; whether anybody is told, and under which kind, is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.domain.notices.run_notice import RunTrace, run_notice, start_notice
from octeth_backupd.domain.notices.words import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.backup import Backup, Run

_NAMES = {Operation.RESOLVE: "end of an interrupted restore", Operation.EXPIRE: "removal of safety copies"}


def said_of_begin(run: Run) -> Notice:
    """Return what is said of a run that has begun."""
    about = f" of backup {run.backup_id}" if run.backup_id else ""
    return start_notice(run) or _plain(
        run,
        title=f"{_what(run)} started",
        text=sentence(f"the {_name(run)}{about} was ordered by {run.requested_by}"),
        at=run.started_at or run.created_at,
    )


def said_of_end(run: Run, *, trace: RunTrace, backup: Backup | None = None) -> Notice:
    """Return what is said of a run that has ended.

    Args:
        run: As it ended.
        trace: What was seen of it.
        backup: What it made; None when nothing, or when it is not known.
    """
    notice = run_notice(run, trace=trace, backup=backup)
    if notice is not None:
        return notice
    at = run.finished_at or run.created_at
    if run.status is RunStatus.SKIPPED:
        text = "What was due is made up for as soon as it can be."
        return _plain(run, title=f"{_what(run)} is put off: {run.error}", text=text, at=at)
    return _plain(run, title=f"{_what(run)} {run.status}", text=sentence(run.error), at=at)


def _what(run: Run) -> str:
    return f"{run.server}: {_name(run)}" if run.server else _name(run)


def _name(run: Run) -> str:
    return _NAMES.get(run.operation, run.operation.value)


def _plain(run: Run, *, title: str, text: str, at: datetime) -> Notice:
    facts = {"error": run.error, "hint": run.hint, "run": run.run_id}
    return Notice(
        notice_id=f"{run.run_id}-{run.status}",
        kind=NoticeKind.SUCCESS,
        severity=Severity.INFO,
        server=run.server,
        title=title,
        text=text,
        at=at,
        run_id=run.run_id,
        backup_id=run.backup_id or "",
        facts=tuple((name, value) for name, value in facts.items() if value),
    )
