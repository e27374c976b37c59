"""The operations that have hooks: a backup, and a restore in place."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.hooks import Hook, HookFacts
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.errors import BackupdError, CancelledError, CatalogError
from octeth_backupd.pipeline.backup import back_up
from octeth_backupd.pipeline.hooks.running import run_after, run_before
from octeth_backupd.pipeline.restore.restore import restore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.result import RunResult

_log = structlog.get_logger("hooks")


def back_up_with_hooks(context: RunContext, parts: Parts) -> RunResult:
    """Take a backup between its hooks; an after-hook that fails degrades it, for the backup stands.

    Raises:
        HookError: A before-hook stopped it; nothing was done.
        BackupdError: See ``pipeline.backup.back_up``.
    """
    with _failure_told(context, parts):
        run_before(context, parts, HookFacts(hook=Hook.BEFORE_BACKUP, run=context.run))
        result = back_up(context, parts)
    facts = HookFacts(
        hook=Hook.AFTER_BACKUP,
        run=context.run,
        outcome=result.status,
        backup_id=result.backup_id or "",
        archive=_archive_path(parts, result.backup_id),
        error="; ".join(result.detail.get("degraded", ())),
    )
    problems = run_after(context, parts, facts)
    if not problems:
        return result
    known = result.detail.get("degraded", ())
    return replace(result, status=RunStatus.DEGRADED, detail={**result.detail, "degraded": [*known, *problems]})


def restore_with_hooks(context: RunContext, parts: Parts) -> RunResult:
    """Restore between its hooks; the one before runs when the plan holds (``pipeline.restore.restore``).

    One with ``--to`` has none: no server is touched.

    Raises:
        BackupdError: See ``pipeline.restore.restore.restore``.
    """
    order = context.order
    if isinstance(order, RestoreOrder) and order.target_directory is not None:
        return restore(context, parts)
    with _failure_told(context, parts):
        result = restore(context, parts)
    facts = HookFacts(hook=Hook.AFTER_RESTORE, run=context.run, outcome=result.status, backup_id=result.backup_id or "")
    problems = run_after(context, parts, facts)
    for problem in problems:
        context.warn(problem)
    if not problems:
        return result
    return replace(result, detail={**result.detail, "notes": [*result.detail.get("notes", ()), *problems]})


@contextmanager
def _failure_told(context: RunContext, parts: Parts) -> Iterator[None]:
    """Run the hook on_failure when a block fails, and let the failure through."""
    try:
        yield
    except BackupdError as exc:
        _tell_failure(context, parts, exc)
        raise
    except Exception as exc:
        _tell_failure(context, parts, BackupdError(f"internal error: {type(exc).__name__}"))
        raise


def _tell_failure(context: RunContext, parts: Parts, error: BackupdError) -> None:
    facts = HookFacts(
        hook=Hook.ON_FAILURE,
        run=context.run,
        outcome=RunStatus.CANCELLED if isinstance(error, CancelledError) else RunStatus.FAILED,
        backup_id=context.run.backup_id or "",
        error=error.message,
        error_code=error.code,
        hint=error.hint,
    )
    for problem in run_after(context, parts, facts):
        context.warn(problem)


def _archive_path(parts: Parts, backup_id: str | None) -> str:
    """Return where a backup's archive lies on this host; empty where it does not, or where the catalog cannot say.

    The backup is made and good: not to know its path is no reason to call it failed, or to leave its hooks out.
    """
    if backup_id is None or not parts.hooks.after_backup:
        return ""
    local = {storage.name for storage in parts.local_storages}
    try:
        copies = parts.catalog.backup(backup_id).copies
    except CatalogError as exc:
        _log.warning("hooks.archive_unknown", backup_id=backup_id, error=exc.message)
        return ""
    return next(
        (
            str(parts.backup_directory / copy.key)
            for copy in copies
            if copy.storage in local and copy.state in READABLE_STATES
        ),
        "",
    )
