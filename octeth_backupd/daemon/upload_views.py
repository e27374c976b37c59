"""How the uploads to each remote storage backend stand, for ``status``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Operation
from octeth_backupd.domain.upload_status import RunningUpload, StorageUploads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.daemon.run_recorder import RunRecorder
    from octeth_backupd.daemon.upload_watch import UploadWatch
    from octeth_backupd.domain.upload import WaitingCopy
    from octeth_backupd.pipeline.parts import Parts


def upload_views(
    parts: Parts, watch: UploadWatch, recorder: RunRecorder, active: Sequence[ActiveRun]
) -> tuple[StorageUploads, ...]:
    """Return one view for each remote storage backend that is configured, and for each that copies still wait for."""
    waiting = parts.catalog.uploads.waiting()
    names = dict.fromkeys([*parts.remote_storages, *(one.copy.storage for one in waiting)])
    return tuple(
        _view(name, [one for one in waiting if one.copy.storage == name], parts, watch, recorder, active)
        for name in names
    )


def _view(
    name: str,
    waiting: list[WaitingCopy],
    parts: Parts,
    watch: UploadWatch,
    recorder: RunRecorder,
    active: Sequence[ActiveRun],
) -> StorageUploads:
    configured = name in parts.remote_storages
    failed = max((one.copy for one in waiting if one.copy.detail), key=lambda copy: copy.updated_at, default=None)
    idle = [one for one in waiting if one.copy.state is CopyState.PENDING and not _is_made_by(one, active)]
    return StorageUploads(
        storage=name,
        configured=configured,
        pending_copies=len(waiting),
        pending_bytes=sum(one.copy.size_bytes for one in waiting),
        pending_since=min((one.finished_at for one in waiting), default=None),
        last_error="" if failed is None else failed.detail,
        last_error_at=None if failed is None else failed.updated_at,
        next_try_at=watch.next_try_at(idle) if configured else None,
        uploading=tuple(_running(one, recorder, active) for one in waiting if one.copy.state is CopyState.UPLOADING),
    )


def _is_made_by(one: WaitingCopy, active: Sequence[ActiveRun]) -> bool:
    """Return whether the backup's own run goes on still: its copies are for that run."""
    return any(run.run.run_id == one.run_id for run in active)


def _running(one: WaitingCopy, recorder: RunRecorder, active: Sequence[ActiveRun]) -> RunningUpload:
    uploads = [run.run.run_id for run in active if run.is_running and run.run.operation is Operation.UPLOAD]
    run_id = one.run_id if _is_made_by(one, active) else next(iter(uploads), "")
    progress = recorder.progress(run_id)
    if progress is not None and progress.step != f"upload {one.copy.storage}":
        progress = None
    return RunningUpload(
        backup_id=one.copy.backup_id,
        run_id=run_id,
        done_bytes=0 if progress is None else progress.done_bytes,
        total_bytes=one.copy.size_bytes,
        rate_bytes_per_second=0.0 if progress is None else progress.rate_bytes_per_second,
    )
