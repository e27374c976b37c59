"""What a killed daemon left, put right before the next one says READY.

Everything is found by this installation's mark: processes by their environment, sidecars by their labels, workspaces by
their marker file. What carries another mark, or none, is never touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState
from octeth_backupd.domain.hooks import Hook
from octeth_backupd.domain.upload import WAITING_STATES
from octeth_backupd.errors import BackupdError, DockerError, NotFoundError
from octeth_backupd.pipeline.backup import OPTION_DIRECTORY
from octeth_backupd.pipeline.diagnosis import DIAGNOSIS_MARK
from octeth_backupd.pipeline.record import backup_from_manifest, proofs_of, read_manifest
from octeth_backupd.pipeline.workspace import LeftWorkspace, Outside, left_workspaces, remove_unmarked
from octeth_backupd.process.files import translated_os_errors
from octeth_backupd.process.orphans import end_orphans
from octeth_backupd.process.sidecar import end_sidecars

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Run, StepRecord
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.storage.base import Storage

_log = structlog.get_logger("recovery")

OPTION_FILE_PATTERN = "*.cnf"
NEWEST_BACKUPS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Puts right what the daemon before this one left.

    Attributes:
        storages: The local ones: nothing is asked of a network before READY.
        remote: Names of the storage backends that backups are uploaded to.
        has_after_backup: Programs of the operator run after a backup.
        workspace_directories: Where runs of this installation have ever had workspaces.
    """

    catalog: Catalog
    clock: Clock
    installation_id: str
    storages: tuple[Storage, ...]
    workspace_directories: tuple[Path, ...]
    runtime_directory: Path
    remote: tuple[str, ...] = ()
    has_after_backup: bool = False

    def recover(self) -> None:
        """End what still runs, remove what is half done, adopt what was finished, and close what was left running.

        Sidecars are ``recover_sidecars``: they need Docker, which may not be up yet.
        """
        for orphan in end_orphans(self.installation_id):
            _log.warning("recovery.process_ended", pid=orphan.pid, run_id=orphan.run_id, program=orphan.program)
        for path in (self.runtime_directory / OPTION_DIRECTORY).glob(OPTION_FILE_PATTERN):
            with translated_os_errors(path):
                path.unlink()
            _log.info("recovery.option_file_removed", path=str(path))
        adopted: dict[str, str] = {}
        for root in self.workspace_directories:
            try:
                for left in left_workspaces(root, installation_id=self.installation_id):
                    adopted.update(self._resolve_or_leave(left))
            except BackupdError as exc:
                _log.error("recovery.directory_unreadable", path=str(root), error=exc.message, hint=exc.hint)
        self._put_uploads_back()
        for run in self.catalog.unfinished_runs():
            self._remove_unmarked(run)
            self._close(run, adopted.get(run.run_id) or self._recorded_backup(run))

    def _put_uploads_back(self) -> None:
        """Let every copy that was being uploaded wait again; how far it was, the storage backend knows."""
        for copy in self.catalog.copies_in({CopyState.UPLOADING}):
            self.catalog.set_copy_state(
                copy.backup_id,
                copy.storage,
                CopyState.PENDING,
                at=self.clock.now(),
                detail="the daemon ended while it was uploaded",
            )
            _log.warning("recovery.upload_waits", backup_id=copy.backup_id, storage=copy.storage)

    def _remove_unmarked(self, run: Run) -> None:
        for root in self.workspace_directories:
            try:
                if remove_unmarked(root, run.run_id):
                    _log.info("recovery.workspace_removed", path=str(root / run.run_id), run_id=run.run_id)
            except BackupdError as exc:
                _log.error("recovery.workspace_left", path=str(root / run.run_id), error=exc.message, hint=exc.hint)

    def _resolve_or_leave(self, left: LeftWorkspace) -> dict[str, str]:
        """Resolve a workspace; where that fails its marker stays, and the daemon serves all the same.

        A disk that is not mounted now must not keep every other server without backups.
        """
        try:
            return self._resolve(left)
        except BackupdError as exc:
            _log.error("recovery.workspace_left", path=str(left.workspace.path), error=exc.message, hint=exc.hint)
            return {}

    def _resolve(self, left: LeftWorkspace) -> dict[str, str]:
        """Remove a workspace and what its run left outside; return run id → backup id where the backup was whole."""
        adopted: dict[str, str] = {}
        if left.outside is not None:
            manifest = self._adopt(left.workspace.run_id, left.outside)
            if manifest is not None:
                adopted[left.workspace.run_id] = manifest.backup_id
            if left.outside.staged:
                staged = Path(left.outside.staged)
                with translated_os_errors(staged):
                    staged.unlink(missing_ok=True)
        left.workspace.remove()
        _log.info("recovery.workspace_removed", path=str(left.workspace.path), run_id=left.workspace.run_id)
        return adopted

    def _adopt(self, run_id: str, outside: Outside) -> Manifest | None:
        """Record the backup of a run where its manifest lies, and delete what lies without one.

        The manifest is the last thing that a run writes in a storage backend. One of another run, or of another
        installation, means that the name is not ours: nothing under it is touched.
        """
        manifest: Manifest | None = None
        holders = []
        for storage in self.storages:
            try:
                found = read_manifest(storage, outside.keys[-1])
            except NotFoundError:
                for key in reversed(outside.keys):
                    storage.delete(key)
                continue
            if (found.installation_id, found.run_id) == (self.installation_id, run_id):
                manifest = found
                holders.append(storage.name)
                for key in outside.keys:
                    storage.discard_unfinished(key)
        if manifest is not None and not self.catalog.backup_id_exists(manifest.backup_id):
            backup = backup_from_manifest(manifest, storages=holders, pending=self.remote, at=self.clock.now())
            self.catalog.add_backup(backup)
            for proof in proofs_of(backup):
                self.catalog.holdings.add_proof(proof)
            _log.warning("recovery.backup_adopted", backup_id=manifest.backup_id, storages=holders)
        return manifest

    def _recorded_backup(self, run: Run) -> str | None:
        """Return the backup that a run had recorded before the daemon ended, its workspace being gone already."""
        newest = self.catalog.backups(server=run.server, limit=NEWEST_BACKUPS)
        return next((backup.backup_id for backup in newest if backup.run_id == run.run_id), None)

    def _close(self, run: Run, backup_id: str | None) -> None:
        now = self.clock.now()
        steps = self.catalog.steps(run.run_id)
        for step in steps:
            if not step.status.is_final:
                self.catalog.finish_step(
                    run.run_id, step.position, status=RunStatus.INTERRUPTED, at=now, detail=dict(step.detail)
                )
        if backup_id is not None:
            claimed = [
                slot
                for slot in self.catalog.slots(server=run.server, states=[SlotState.DUE])
                if slot.run_id == run.run_id
            ]
            self.catalog.decide_slots(claimed, state=SlotState.SERVED, run_id=run.run_id, detail="", at=now)
            backup = self.catalog.backup(backup_id)
            waiting = [copy for copy in backup.copies if copy.state in WAITING_STATES]
            problems = [f"{copy.storage}: pending, the daemon ended before it was uploaded" for copy in waiting]
            problems += self._unfinished_hook(run, steps)
            self.catalog.update_run(
                run.run_id,
                status=RunStatus.DEGRADED if problems else RunStatus.SUCCESS,
                finished_at=now,
                step="",
                backup_id=backup_id,
                error="; ".join(problems),
                detail={"recovered": "the daemon ended after the backup was whole; recorded at the next start"}
                | ({"suspect": backup.suspect} if backup.suspect else {})
                | ({"degraded": problems} if problems else {}),
            )
            return
        self.catalog.update_run(
            run.run_id,
            status=RunStatus.INTERRUPTED,
            finished_at=now,
            step="",
            error_code="interrupted",
            error="the daemon ended while the run was going on",
            hint="It goes on by itself."
            if run.operation.is_background
            else "A scheduled run is started again by itself; repeat a manual one.",
        )
        _log.warning("recovery.run_interrupted", run_id=run.run_id, server=run.server, step=run.step)

    def _unfinished_hook(self, run: Run, steps: Iterable[StepRecord]) -> list[str]:
        """Return what became of the programs after a recorded backup, where they did not end well: none runs later."""
        if run.operation is not Operation.BACKUP:
            return []
        step = next((one for one in steps if one.name == f"hook {Hook.AFTER_BACKUP}"), None)
        if step is None:
            return ["hook after_backup did not run: the daemon ended before it"] if self.has_after_backup else []
        if not step.status.is_final:
            return ["hook after_backup did not end: the daemon ended during it"]
        error = step.detail.get("error") or f"hook after_backup {step.status}"
        return [] if step.status is RunStatus.SUCCESS else [str(error)]


class SidecarRecovery:
    """Looks for sidecars that nobody watches: at the start, after each run, and again while Docker is away.

    A run removes its own; but Docker may have been away just then, and the engine in it would go on.

    Args:
        installation_id: Whose.
        runs: The runs of this daemon at the moment of asking.
    """

    def __init__(self, installation_id: str, runs: Container[str]) -> None:
        self._installation_id = installation_id
        self._runs = runs
        self._is_wanted = True
        self._has_looked = False

    def want(self) -> None:
        """Ask for another look."""
        self._is_wanted = True

    def attempt(self, docker: Docker) -> None:
        """Look now when that is wanted; the first look is the start's, before anything of this daemon runs."""
        if not self._is_wanted:
            return
        self._is_wanted = False
        if not recover_sidecars(docker, self._installation_id, live_runs=self):
            self._is_wanted = True
        self._has_looked = True

    def __contains__(self, run_id: object) -> bool:
        """Return whether a sidecar of this run may be alive: diagnoses have no run of their own."""
        return run_id in self._runs or (self._has_looked and run_id == DIAGNOSIS_MARK)


def recover_sidecars(docker: Docker, installation_id: str, *, live_runs: Container[str] = frozenset()) -> bool:
    """End and remove sidecars that no run of this daemon knows.

    Args:
        docker: Where they are.
        installation_id: Whose.
        live_runs: The runs of this daemon at the moment of asking.

    Returns:
        Whether Docker could be asked; False means: try again later.
    """
    try:
        for name in end_sidecars(docker, installation_id, keep=live_runs):
            _log.warning("recovery.sidecar_removed", container=name)
    except DockerError as exc:
        _log.warning("recovery.docker_unreachable", error=exc.message, hint=exc.hint)
        return False
    except BackupdError as exc:
        _log.error("recovery.sidecars_failed", error=exc.message, hint=exc.hint)
        return False
    return True
