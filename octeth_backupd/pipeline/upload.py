"""Copies on their way: the upload steps of a backup run, and the operation "upload" that brings what waits.

A backup is whole when it lies on the local disk; what is uploaded is that local archive. A copy that did not arrive
stays pending with the reason, and the daemon tries again until it is there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.upload import LOCAL_STORAGE, WAITING_STATES, UploadOrder
from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.pipeline.leftover_parts import discard_leftover_parts
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.spare_copies import remove_spare_copy
from octeth_backupd.pipeline.state_files import stale_states, write_state
from octeth_backupd.pipeline.uploader import Uploader

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.domain.upload import WaitingCopy
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

_log = structlog.get_logger("upload")


def upload_new_backup(context: RunContext, parts: Parts, result: RunResult) -> RunResult:
    """Upload the backup that a run has just recorded; what does not arrive makes the run degraded, never failed.

    A cancel ends the uploads and not the backup: that is whole. Never raises.
    """
    uploader = Uploader(context, parts)
    try:
        _upload_all_copies(uploader, parts, result.backup_id or "")
    except BackupdError as exc:
        uploader.tell(f"the copies that are not there yet are pending: {exc.message}")
    except Exception as exc:  # noqa: BLE001 - a good backup was recorded, whatever is wrong with its upload
        _log.exception("upload.internal_error", run_id=context.run.run_id)
        uploader.tell(f"the upload ended by an internal error: {type(exc).__name__}: {exc}")
    return _degraded(result, uploader)


def upload_waiting(context: RunContext, parts: Parts) -> RunResult:
    """Bring the copies of the order, the oldest backup's first; then clean up behind uploads, and write state files.

    Returns:
        Degraded when something arrived and something did not.

    Raises:
        StorageError: There was something to do and nothing of it was done.
        BackupdError: The token's reason; what was being uploaded is pending again.
    """
    order = context.order if isinstance(context.order, UploadOrder) else UploadOrder()
    uploader = Uploader(context, parts)
    server = context.run.server
    waiting = [one for one in parts.catalog.uploads.waiting() if one.name in order.copies and one.server == server]
    for number, one in enumerate(waiting):
        if one.copy.storage in parts.remote_storages and one.copy.storage not in uploader.away:
            uploader.bring(parts.catalog.backup(one.copy.backup_id), one.copy)
            _tell_of_others(uploader, one, waiting[number + 1 :])
    for name, storage in parts.remote_storages.items():
        if name in order.storages - uploader.away:
            context.cancellation.raise_if_cancelled()
            _discard_leftover_parts(uploader, parts, storage)
    if not parts.keep_local:
        for backup_id in parts.catalog.living_backups(server):
            _remove_spare_copy(uploader, parts, backup_id)
    asked = [storage for name, storage in parts.remote_storages.items() if name in order.storages]
    _write_states(uploader, parts, [*parts.local_storages, *asked])
    return _result(uploader)


def write_states_after_backup(context: RunContext, parts: Parts, result: RunResult) -> RunResult:
    """Write what is said of the server's backups into every storage backend; what cannot be written degrades the run.

    What was cancelled is written by the next upload run, and so is what belongs where the backup did not arrive. Never
    raises.
    """
    uploader = Uploader(context, parts)
    try:
        copies = parts.catalog.backup(result.backup_id or "").copies
        away = {copy.storage for copy in copies if copy.state in WAITING_STATES}
        _write_states(uploader, parts, [storage for storage in parts.storages if storage.name not in away])
    except BackupdError as exc:
        if exc is not context.cancellation.reason:
            uploader.tell(f"state files could not be written: {exc.message}")
    except Exception as exc:  # noqa: BLE001 - a good backup was recorded, whatever is wrong with what is said of it
        _log.exception("state.internal_error", run_id=context.run.run_id)
        uploader.tell(f"state files: internal error: {type(exc).__name__}: {exc}")
    return _degraded(result, uploader)


def _degraded(result: RunResult, uploader: Uploader) -> RunResult:
    """Return a backup's result with what went wrong after it."""
    if not uploader.problems:
        return result
    degraded = [*result.detail.get("degraded", ()), *uploader.problems]
    return replace(result, status=RunStatus.DEGRADED, detail={**result.detail, "degraded": degraded})


def _write_states(uploader: Uploader, parts: Parts, storages: Iterable[Storage]) -> None:
    for state in stale_states(parts.catalog, storages, [uploader.context.run.server]):
        if state.storage.name in uploader.away:
            continue
        uploader.context.cancellation.raise_if_cancelled()
        try:
            write_state(parts.catalog, state)
        except BackupdError as exc:
            if exc is uploader.context.cancellation.reason:
                raise
            uploader.copy_failed(state.key, state.storage.name, f"{state.key} could not be written: {exc.message}")


def _upload_all_copies(uploader: Uploader, parts: Parts, backup_id: str) -> None:
    backup = parts.catalog.backup(backup_id)
    waiting = {copy.storage: copy for copy in backup.copies if copy.state in WAITING_STATES}
    for name in parts.remote_storages:
        if name in waiting:
            uploader.bring(backup, waiting[name])
    if not parts.keep_local:
        _remove_spare_copy(uploader, parts, backup_id)


def _tell_of_others(uploader: Uploader, one: WaitingCopy, left: list[WaitingCopy]) -> None:
    others = sum(other.copy.storage == one.copy.storage for other in left)
    if one.copy.storage in uploader.away and others:
        uploader.tell(f"{one.copy.storage}: {others} more wait for it")


def _discard_leftover_parts(uploader: Uploader, parts: Parts, storage: Storage) -> None:
    try:
        discard_leftover_parts(parts.catalog, storage, server=uploader.context.run.server)
    except StorageError as exc:
        uploader.storage_failed(storage.name, f"parts of an ended upload could not be discarded: {exc.message}")


def _remove_spare_copy(uploader: Uploader, parts: Parts, backup_id: str) -> None:
    uploader.context.cancellation.raise_if_cancelled()
    try:
        refusal = remove_spare_copy(uploader.context, parts, backup_id, away=uploader.away)
    except StorageError as exc:
        uploader.copy_failed(backup_id, LOCAL_STORAGE, f"{backup_id} could not be removed: {exc.message}")
        return
    if refusal is None:
        return
    problem = f"{backup_id} is kept locally: {refusal.reason}"
    if refusal.storage_failed:
        uploader.storage_failed(refusal.storage, problem)
    else:
        uploader.tell(f"{refusal.storage}: {problem}")


def _result(uploader: Uploader) -> RunResult:
    detail = {"uploaded": uploader.stored, "uploaded_bytes": uploader.stored_bytes}
    if not uploader.problems:
        return RunResult(detail=detail)
    if not uploader.stored:
        raise StorageError(
            "; ".join(uploader.problems),
            hint="What is pending is tried again by itself; see octeth-backupctl status.",
            retryable=True,
        )
    return RunResult(status=RunStatus.DEGRADED, detail={**detail, "degraded": uploader.problems})
