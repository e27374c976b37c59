"""The operation "backup": preflight → backup → prepare → archive → verify → store → record → upload → expire."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.compression.registry import compressor_for
from octeth_backupd.domain.backup import RunStatus, VerifyMode
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.names import archive_name, backup_id, top_directory
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.evidence import ArchiveReadBack, Evidence
from octeth_backupd.domain.postconditions.registry import evaluate, raise_on_failure, suspicion
from octeth_backupd.domain.space import expected_archive_bytes
from octeth_backupd.errors import BackupdError, PreflightError
from octeth_backupd.pipeline.archive_step import Archive, write_archive
from octeth_backupd.pipeline.engine_steps import PreparedBackup, ReadyServer, prepare_backup, take_backup
from octeth_backupd.pipeline.guard import disk_guard
from octeth_backupd.pipeline.inspection import inspect_server
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.readback import forget_cached_pages, hash_archive, read_back
from octeth_backupd.pipeline.record import backup_from_manifest, make_manifest, proofs_of, result_of
from octeth_backupd.pipeline.restore.unreadable import require_readable
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.doubts import begin_hold
from octeth_backupd.pipeline.retention.operations import expire_after_backup
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.pipeline.store_step import free_keys, store
from octeth_backupd.pipeline.upload import upload_new_backup
from octeth_backupd.pipeline.watch import Watch
from octeth_backupd.pipeline.workspace import Outside, Workspace, create_workspace
from octeth_backupd.preflight.run import raise_on_failure as raise_on_failed_checks
from octeth_backupd.preflight.run import run_checks
from octeth_backupd.process.files import make_directory, remove_tree, translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import Literal

    from octeth_backupd.compression.base import Compressor
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts

OPTION_DIRECTORY = "options"


def back_up(context: RunContext, parts: Parts) -> RunResult:
    """Take a backup of the run's server, prove it good and store it.

    Raises:
        PreflightError: Checks failed; nothing was done.
        VerificationError: What came out is no good backup; nothing of it is kept.
        BackupdError: Everything else that ended it, the reason of a cancellation among it.
    """
    result = upload_new_backup(context, parts, _BackupRun(context, parts).run())
    with StepRunner(context).step("expire", cancellable=False):
        return expire_after_backup(context, parts, result)


class _BackupRun:
    """One backup run: the order of the steps, and what is handed from one to the next."""

    def __init__(self, context: RunContext, parts: Parts) -> None:
        self._context = context
        self._parts = parts
        self._steps = StepRunner(context)
        self._programs = Programs(parts, installation_id=context.installation_id, run_id=context.run.run_id)
        self._compressor: Compressor = compressor_for(parts.compression, self._programs.host)
        self._results: list[CheckResult] = []
        self._answers: dict[str, CheckStatus] = {}
        self._is_unrecorded = False
        self._has_left_behind = False

    def run(self) -> RunResult:
        """Do all steps in a workspace that is gone afterwards, however it ends."""
        workspace = self._make_workspace()
        try:
            result = self._run_in(workspace)
        except BaseException:
            self._tidy(workspace)
            raise
        problem = self._tidy(workspace)
        if not problem:
            return result
        problems = [*result.detail.get("degraded", ()), problem]
        return replace(result, status=RunStatus.DEGRADED, detail={**result.detail, "degraded": problems})

    def _tidy(self, workspace: Workspace) -> str:
        """Remove the workspace; return what stood in the way, which is no reason to forget how the run ended.

        A backup that was stored and could not be recorded is left announced, and so is what could not be removed: the
        next start records the one and removes the other.
        """
        try:
            if self._is_unrecorded or self._has_left_behind:
                workspace.clear()
            else:
                workspace.remove()
        except BackupdError as exc:
            problem = f"the workspace could not be removed, the next start tries again: {exc.message}"
            self._context.warn(problem)
            return problem
        return ""

    def _make_workspace(self) -> Workspace:
        make_directory(self._option_directory)
        try:
            return create_workspace(
                self._parts.workspace_directory,
                installation_id=self._context.installation_id,
                run_id=self._context.run.run_id,
                server=self._context.run.server,
            )
        except BackupdError:
            # Preflight says this better, together with all else that stands against a backup.
            with self._steps.step("preflight"):
                self._preflight(binds={})
            raise

    def _run_in(self, workspace: Workspace) -> RunResult:
        with self._steps.step("preflight"):
            ready = self._preflight(binds=self._binds(workspace))
            taken_at = self._free_moment()
            name = archive_name(taken_at, self._parts.mode, self._compressor.suffix)
            keys = free_keys(self._parts.local_storages, self._context.run, name)
        directory = workspace.path / top_directory(taken_at)
        evidence = Evidence(
            server=self._context.run.server,
            engine=ready.engine.name,
            expectation=ready.engine.expectation,
            before=ready.facts,
            verify=VerifyMode(self._parts.backup.verify),
            previous=ready.previous,
            bounds=self._parts.backup.size_bounds,
        )
        with self._steps.step("backup"):
            raw = take_backup(self._context, self._parts, ready, directory, self._option_directory)
            evidence = replace(evidence, after=raw.after, backup_run=raw.engine_run, raw=raw.state)
            self._judge(Stage.BACKUP, evidence)
        with self._steps.step("prepare"):
            prepared = prepare_backup(self._context, self._parts, ready, raw)
            evidence = replace(evidence, prepare_run=prepared.engine_run, prepared=prepared.state)
            self._judge(Stage.PREPARE, evidence)
        staged = self._staged_path(workspace, keys.archive, name)
        workspace.announce(Outside(staged=str(staged), keys=keys.in_order))
        try:
            with self._steps.step("archive"):
                archive = self._archive(ready, prepared, staged, name)
                evidence = replace(evidence, archived=archive.facts)
                self._judge(Stage.ARCHIVE, evidence)
                _make_room(directory)
            with self._steps.step("verify"):
                evidence = replace(evidence, read_back=self._read_back(archive))
                self._judge(Stage.READ_BACK, evidence)
            # From here on the run itself knows how far it may be cancelled: what has its manifest is a backup.
            with self._steps.step("store", cancellable=False):
                manifest = make_manifest(
                    self._context,
                    self._parts,
                    ready,
                    prepared,
                    archive,
                    backup_id=backup_id(self._context.run.server, taken_at),
                    taken_at=taken_at,
                    postconditions=self._answers,
                    suspect=suspicion(self._results),
                )
                store(
                    self._context,
                    self._parts.local_storages,
                    archive,
                    manifest,
                    keys,
                    on_left_behind=self._note_left_behind,
                )
                self._is_unrecorded = True
        finally:
            self._remove_staged(staged)
        with self._steps.step("record", cancellable=False):
            return self._record(manifest)

    @property
    def _option_directory(self) -> Path:
        return self._parts.runtime_directory / OPTION_DIRECTORY

    def _binds(self, workspace: Workspace) -> dict[Path, Literal["rw", "ro"]]:
        """Return what a sidecar sees of the host, at the same paths."""
        binds: dict[Path, Literal["rw", "ro"]] = {workspace.path: "rw", self._option_directory: "ro"}
        tls_ca = self._parts.servers[self._context.run.server].settings.tls_ca
        return binds if tls_ca is None else {**binds, tls_ca: "ro"}

    def _preflight(self, *, binds: Mapping[Path, Literal["rw", "ro"]]) -> ReadyServer:
        run = self._context.run
        self._refuse_during_restore()
        inspection = inspect_server(
            self._parts.servers[run.server],
            self._parts,
            programs=self._programs,
            binds=binds,
            cancellation=self._context.cancellation,
        )
        results = run_checks(inspection.subject)
        for result in results:
            if result.status is CheckStatus.WARNING:
                self._context.warn(f"{result.name}: {result.summary}")
        raise_on_failed_checks(results)
        survey, facts = inspection.survey, inspection.survey.facts
        if facts is None or not inspection.engine or not inspection.engine_version or not inspection.placement:
            raise PreflightError(
                "the checks passed, but not everything is known", hint="This is a defect; see the log."
            )
        self._parts.catalog.record_server(run.server, facts.identity, self._context.clock.now())
        return ReadyServer(
            server=self._parts.servers[run.server],
            survey=survey,
            facts=facts,
            engine=inspection.engine,
            engine_version=inspection.engine_version,
            placement=inspection.placement,
            open_files_limit=inspection.subject.open_files_limit,
            previous=inspection.subject.previous,
            guard=disk_guard(self._parts, survey),
        )

    def _refuse_during_restore(self) -> None:
        require_readable(self._parts, self._context.run.server)
        unfinished = self._parts.journals.open_of(self._context.run.server)
        if unfinished is not None:
            raise PreflightError(
                f"restore {unfinished.restore_id} is not over, it waits in state {unfinished.state}",
                hint="A backup now might be of data that is about to be taken back; see octeth-backupctl status.",
            )

    def _free_moment(self) -> datetime:
        """Return now, in whole seconds, or the first second after it that no backup of this server has for a name."""
        moment = self._context.clock.now().replace(microsecond=0)
        while self._parts.catalog.backup_id_exists(backup_id(self._context.run.server, moment)):
            moment += timedelta(seconds=1)
        return moment

    def _judge(self, stage: Stage, evidence: Evidence) -> None:
        results = evaluate(evidence, stage)
        self._results.extend(results)
        # The same question is asked of several stages: its stage belongs to its name.
        self._answers.update({f"{stage.value}.{result.name}": result.status for result in results})
        for result in results:
            if result.status is CheckStatus.WARNING:
                self._context.warn(f"{result.name}: {result.summary}")
        raise_on_failure(results)

    def _staged_path(self, workspace: Workspace, key: str, name: str) -> Path:
        for storage in self._parts.local_storages:
            path = storage.staging_path(key)
            if path is not None:
                return path
        return workspace.path / name

    def _archive(self, ready: ReadyServer, prepared: PreparedBackup, staged: Path, name: str) -> Archive:
        with Watch(
            self._context,
            step="archive",
            measure=lambda: staged.stat().st_size if staged.exists() else 0,
            total_bytes=self._expected_archive_bytes(ready),
            guard=ready.guard,
        ):
            return write_archive(
                prepared.directory,
                staged,
                name=name,
                compressor=self._compressor,
                host_runner=self._programs.host,
                on_line=self._context.output_of("tar"),
                cancellation=self._context.cancellation,
            )

    def _expected_archive_bytes(self, ready: ReadyServer) -> int:
        return expected_archive_bytes(ready.facts.data_bytes, ready.previous)

    def _read_back(self, archive: Archive) -> ArchiveReadBack | None:
        verify = self._parts.backup.verify
        if verify == "none":
            return None
        cancellation = self._context.cancellation
        with translated_os_errors(archive.path), archive.path.open("rb", buffering=0) as source:
            forget_cached_pages(source)
            with Watch(
                self._context,
                step="verify",
                measure=lambda: os.lseek(source.fileno(), 0, os.SEEK_CUR),
                total_bytes=archive.facts.size_bytes,
            ):
                found = (
                    hash_archive(source, cancellation=cancellation)
                    if verify == "hash"
                    else read_back(source, self._compressor, cancellation=cancellation)
                )
        return ArchiveReadBack(sha256=found.sha256, size_bytes=found.size_bytes, files=found.files)

    def _remove_staged(self, staged: Path) -> None:
        try:
            staged.unlink(missing_ok=True)
        except OSError as exc:
            self._note_left_behind()
            self._context.warn(f"{staged} could not be removed: {exc.strerror}")

    def _note_left_behind(self) -> None:
        self._has_left_behind = True

    def _record(self, manifest: Manifest) -> RunResult:
        backup = backup_from_manifest(
            manifest,
            storages=[storage.name for storage in self._parts.local_storages],
            pending=self._parts.remote_storages,
            at=self._context.clock.now(),
            verified=self._parts.backup.verify != "none",
        )
        self._parts.catalog.add_backup(backup)
        self._is_unrecorded = False
        if backup.suspect:
            begin_hold(self._context, self._parts, backup.backup_id, backup.suspect)
        for proof in proofs_of(backup):
            self._parts.catalog.holdings.add_proof(proof)
        return result_of(backup)


def _make_room(directory: Path) -> None:
    """Remove the prepared backup as soon as it is archived: what is still unwritten of it need never reach the disk.

    Otherwise the kernel writes it back while the archive is read back, from the same disk. What stands in the way is
    told when the whole workspace is removed.
    """
    with contextlib.suppress(BackupdError):
        remove_tree(directory, beneath=directory.parent)
