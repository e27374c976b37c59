"""``[local] keep = false``: a local copy goes when all others are where they belong, and never before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Origin, RunStatus
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.domain.sync.comparison import CopyChange
from octeth_backupd.domain.upload import LOCAL_STORAGE, local_is_spare
from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.remote_copy import missing_of
from octeth_backupd.pipeline.retention.deletion import delete_copy
from octeth_backupd.pipeline.retention.local_keeping import is_awaiting_confirmation
from octeth_backupd.pipeline.step_runner import StepRunner

if TYPE_CHECKING:
    from collections.abc import Collection

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a local copy stays for now.

    Attributes:
        storage: The storage backend that did not confirm its own copy.
        storage_failed: It could not be asked; otherwise its copy is not what it was.
    """

    storage: str
    reason: str
    storage_failed: bool


def is_spare(parts: Parts, backup: Backup) -> bool:
    """Return whether the local copy of a backup is not wanted any more, as far as the catalog knows.

    Another installation's never is, nor an archive of the bash tool; nor is one whose other copies are not all verified
    in the sense of retention. A copy in a storage backend that is not configured any more cannot be confirmed: the
    local one stays. So do those of before ``keep`` became false, until that is confirmed.
    """
    return (
        not parts.keep_local
        and local_is_spare(backup.copies)
        and not is_awaiting_confirmation(parts.catalog, backup.taken_at)
        and backup.origin is not Origin.LEGACY
        and all(copy.storage in parts.remote_storages for copy in _others(backup))
        and backup.installation_id in parts.catalog.installations.ours()
        and _others_are_verified(parts, backup)
    )


def remove_spare_copy(context: RunContext, parts: Parts, backup_id: str, *, away: Collection[str]) -> Refusal | None:
    """Remove the local copy of a backup when it is spare, after asking for every other copy once more.

    Not while another run of the server goes on: it may be reading the archive.

    Args:
        context: The run that removes it.
        parts: The configuration's.
        backup_id: Whose.
        away: Names of storage backends that are not asked now; then nothing is removed either.

    Returns:
        What stood against it; None when it was removed, or stays for now.
    """
    backup = parts.catalog.backup(backup_id)
    if not is_spare(parts, backup) or _is_busy(context, parts, backup.server):
        return None
    others = _others(backup)
    if any(copy.storage in away for copy in others):
        return None
    with StepRunner(context).step("remove local copy"):
        for copy in others:
            refusal = _confirm(context, parts, copy)
            if refusal is not None:
                return refusal
        _remove(context, parts, backup)
    return None


def _others_are_verified(parts: Parts, backup: Backup) -> bool:
    remote = {storage.name: storage.is_remote for storage in parts.storages}
    found = parts.catalog.stock.of(backup.server, remote=remote, backup_id=backup.backup_id)
    verified = {copy.storage for facts in found for copy in facts.copies if copy.is_verified}
    return verified >= {copy.storage for copy in _others(backup)}


def _others(backup: Backup) -> list[Copy]:
    return [copy for copy in backup.copies if copy.storage != LOCAL_STORAGE and copy.state in READABLE_STATES]


def _is_busy(context: RunContext, parts: Parts, server: str) -> bool:
    return any(
        run.server == server
        and run.run_id != context.run.run_id
        and run.status is RunStatus.RUNNING
        and run.operation.holds_server
        for run in parts.catalog.unfinished_runs()
    )


def _confirm(context: RunContext, parts: Parts, copy: Copy) -> Refusal | None:
    try:
        missing = missing_of(parts.remote_storages[copy.storage], copy)
    except StorageError as exc:
        return Refusal(storage=copy.storage, reason=exc.message, storage_failed=True)
    if not missing:
        return None
    change = CopyChange(copy=copy, state=CopyState.MISSING, detail=missing)
    parts.catalog.found.change_copies([change], context.clock.now())  # unless somebody has just deleted it
    return Refusal(storage=copy.storage, reason=missing, storage_failed=False)


def _remove(context: RunContext, parts: Parts, backup: Backup) -> None:
    # The catalog last: what is half removed is found and removed again. Retention may go on beside this one.
    local = next(copy for copy in backup.copies if copy.storage == LOCAL_STORAGE)
    storage = next(one for one in parts.local_storages if one.name == LOCAL_STORAGE)
    others = {copy.storage for copy in _others(backup)}
    if delete_copy(parts.catalog, storage, backup, local, staying=others, now=context.clock.now()) is None:
        return
    parts.catalog.set_copy_state(
        backup.backup_id,
        LOCAL_STORAGE,
        CopyState.DELETED,
        at=context.clock.now(),
        detail=f"not kept locally; it is in {', '.join(copy.storage for copy in _others(backup))}",
    )
