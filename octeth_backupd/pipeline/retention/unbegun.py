"""Deletions that were announced and never begun: the copies are whole, and the next plan judges them like others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import Operation, RunStatus
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.retention.deletion import has_first_file

if TYPE_CHECKING:
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts

_log = structlog.get_logger("retention")


def release_unbegun(context: RunContext, parts: Parts) -> None:
    """Take the mark from copies of the run's server that are marked for deletion and still have all their files.

    A crash left it between the mark and the first file. Those whose storage backend cannot be asked keep it.
    """
    server = context.run.server
    marked = parts.catalog.claims.claimed(server)
    # Looked at after the marks: whoever made one of them is over, or is seen here.
    if not marked or _is_uploading(parts, server):
        return
    storages = {storage.name: storage for storage in parts.storages}
    for copy in marked:
        storage = storages.get(copy.storage)
        if storage is None:
            continue
        try:
            is_whole = has_first_file(storage, parts.catalog.backup(copy.backup_id), copy)
        except BackupdError as exc:
            _log.warning("copy.not_asked", backup_id=copy.backup_id, storage=copy.storage, error=exc.message)
            continue
        if is_whole and parts.catalog.claims.release(copy):
            _log.info("copy.released", backup_id=copy.backup_id, storage=copy.storage)


def _is_uploading(parts: Parts, server: str) -> bool:
    """Return whether an upload run of a server goes on: it deletes spare local copies beside everything else."""
    return any(
        run.server == server and run.operation is Operation.UPLOAD and run.status is RunStatus.RUNNING
        for run in parts.catalog.unfinished_runs()
    )
