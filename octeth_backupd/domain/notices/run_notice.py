"""The notice of a run: that it has begun, or how it ended, where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, RunStatus, Trigger
from octeth_backupd.domain.hooks import FAILED_HOOKS
from octeth_backupd.domain.notices.message import cut_line, duration_words
from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.domain.summary import sorted_tiers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.backup import Backup, Run

_RESTORES = frozenset({Operation.RESTORE, Operation.UNDO, Operation.RESOLVE})
_ENDS = {
    RunStatus.SUCCESS: (NoticeKind.SUCCESS, Severity.INFO),
    RunStatus.DEGRADED: (NoticeKind.DEGRADED, Severity.WARNING),
    RunStatus.FAILED: (NoticeKind.FAILURE, Severity.ERROR),
    RunStatus.INTERRUPTED: (NoticeKind.FAILURE, Severity.ERROR),
    RunStatus.CANCELLED: (NoticeKind.FAILURE, Severity.WARNING),
}
_WORDS = {
    RunStatus.SUCCESS: "succeeded",
    RunStatus.DEGRADED: "is degraded",
    RunStatus.FAILED: "failed",
    RunStatus.INTERRUPTED: "was interrupted",
    RunStatus.CANCELLED: "was cancelled",
}
_NAMES = {Operation.EXPIRE: "removal of safety copies", Operation.RESOLVE: "end of an interrupted restore"}
_LONGEST_TITLE = 160
_LONGEST_LINE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """What was seen of a run while it went on, redacted.

    Attributes:
        step: The step that failed, else the last one that began.
        error_lines: What its programs printed as errors, in order.
        last_lines: What they printed last.
    """

    step: str = ""
    error_lines: tuple[str, ...] = ()
    last_lines: tuple[str, ...] = ()


def start_notice(run: Run) -> Notice | None:
    """Return the notice that a backup has begun; None for everything else."""
    if run.operation is not Operation.BACKUP or run.started_at is None:
        return None
    return Notice(
        notice_id=f"{run.run_id}-start",
        kind=NoticeKind.START,
        severity=Severity.INFO,
        server=run.server,
        title=f"{run.server}: backup started",
        text=f"A backup of {run.server} has begun.",
        at=run.started_at,
        run_id=run.run_id,
        facts=tuple(_origin(run)),
    )


def run_notice(run: Run, *, trace: RunTrace, backup: Backup | None = None) -> Notice | None:
    """Return the notice of a run that has ended.

    Args:
        run: As it ended.
        trace: What was seen of it.
        backup: What it made; None when nothing, or when it is not known.

    Returns:
        None for what nobody need know of: a skipped run, routine that went well, and uploads, which are told of by
        how long they wait.
    """
    if run.status not in _ENDS or run.operation is Operation.UPLOAD or run.finished_at is None:
        return None
    kind, severity = _ENDS[run.status]
    if run.operation in _RESTORES:
        kind = NoticeKind.RESTORE
    elif run.operation is not Operation.BACKUP and run.status in {RunStatus.SUCCESS, RunStatus.CANCELLED}:
        return None
    is_right = run.status is RunStatus.SUCCESS
    if is_right and _failed_hooks(run):
        severity = Severity.WARNING
    return Notice(
        notice_id=f"{run.run_id}-end",
        kind=kind,
        severity=severity,
        server=run.server,
        title=_title(run),
        text=_text(run, trace),
        at=run.finished_at,
        run_id=run.run_id,
        backup_id=run.backup_id or "",
        facts=tuple(_facts(run, trace, backup)),
        log_tail=() if is_right else tuple(line[:_LONGEST_LINE] for line in trace.error_lines or trace.last_lines),
    )


def _name(run: Run) -> str:
    return _NAMES.get(run.operation, run.operation.value)


def _title(run: Run) -> str:
    said = f"{_name(run)} {_WORDS[run.status]}"
    whole = f"{run.server}: {said}" if run.server else said
    reason = _reason(run, longest=_LONGEST_TITLE - len(whole) - 2)
    return cut_line(f"{whole}: {reason}" if reason else whole, _LONGEST_TITLE)


def _reason(run: Run, *, longest: int) -> str:
    """Return why, on one line; of two causes each has half of the room, of more the others are counted."""
    degraded = [str(cause) for cause in run.detail.get("degraded", ())] if run.status is RunStatus.DEGRADED else []
    if len(degraded) < 2:
        reasons = [run.error, *_failed_hooks(run)]
        return next((reason.splitlines()[0] for reason in reasons if reason), "")
    more = f" and {len(degraded) - 2} more" if len(degraded) > 2 else ""
    first, second = ((cause.splitlines() or [""])[0] for cause in degraded[:2])
    left = longest - len(more) - 2
    second = cut_line(second, max(left // 2, left - len(first)))
    return f"{cut_line(first, left - len(second))}; {second}{more}"


def _failed_hooks(run: Run) -> tuple[str, ...]:
    return tuple(str(one) for one in run.detail.get(FAILED_HOOKS, ()))


def _text(run: Run, trace: RunTrace) -> str:
    of = f" of {run.server}" if run.server else ""
    lines = [f"The {_name(run)}{of} {_WORDS[run.status]}{_where(run, trace)}."]
    if run.operation is Operation.BACKUP:
        match run.status:
            case RunStatus.DEGRADED:
                lines.append("There is a good backup; something else failed.")
            case RunStatus.INTERRUPTED if run.trigger is not Trigger.MANUAL:
                lines.append("There is no new backup; the daemon makes it as soon as it can.")
            case RunStatus.FAILED | RunStatus.INTERRUPTED | RunStatus.CANCELLED:
                lines.append("There is no new backup; earlier ones are not touched.")
            case _:
                pass
    lines += [f"But {problem}" for problem in _failed_hooks(run)]
    return "\n".join(lines)


def _where(run: Run, trace: RunTrace) -> str:
    took = f" after {duration_words(seconds)}" if (seconds := _seconds(run)) is not None else ""
    is_clear = run.status in {RunStatus.SUCCESS, RunStatus.DEGRADED} or not trace.step
    return took if is_clear else f" in the step {trace.step}{took}"


def _facts(run: Run, trace: RunTrace, backup: Backup | None) -> Iterator[tuple[str, str]]:
    if run.status is not RunStatus.SUCCESS:
        yield "error", run.error or run.status.value
        yield "hint", run.hint
        yield "command", _command(run)
        yield "step", trace.step
        yield "error_code", run.error_code
    yield from _origin(run)
    if run.backup_id:
        yield "backup", run.backup_id
    if backup is not None:
        yield "archive_bytes", str(backup.archive_bytes)
        yield "archive", backup.archive_name
    if (seconds := _seconds(run)) is not None:
        yield "duration_seconds", f"{seconds:.3f}"


def _origin(run: Run) -> Iterator[tuple[str, str]]:
    yield "operation", run.operation.value
    if run.operation is Operation.BACKUP:
        yield "tier", ", ".join(sorted_tiers(run.tiers))
    yield "run", run.run_id
    yield "trigger", run.trigger.value
    if run.trigger is Trigger.MANUAL:
        yield "requested_by", run.requested_by


def _command(run: Run) -> str:
    if run.operation is Operation.BACKUP and run.status is RunStatus.FAILED:
        return f"octeth-backupctl doctor --server {run.server}"
    return f"octeth-backupctl watch {run.run_id}"


def _seconds(run: Run) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return max((run.finished_at - run.started_at).total_seconds(), 0.0)
