"""Steps "backup" and "prepare": the engine at work, watched, and what it leaves as evidence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.memory import prepare_memory_bytes
from octeth_backupd.domain.postconditions.evidence import DirectoryState, ServerAfter
from octeth_backupd.domain.postconditions.metadata import REDO_FILES
from octeth_backupd.engines.base import BackupRequest
from octeth_backupd.engines.option_file import option_file
from octeth_backupd.engines.tls import tls_options
from octeth_backupd.errors import BackupdError, ServerUnreachableError
from octeth_backupd.pipeline.directory_state import directory_state
from octeth_backupd.pipeline.watch import Watch
from octeth_backupd.process.files import tree_bytes
from octeth_backupd.servers.fingerprint import read_fingerprint
from octeth_backupd.servers.lsn import read_lsn
from octeth_backupd.servers.memory import free_memory
from octeth_backupd.servers.tables import read_other_tables
from octeth_backupd.servers.tablespaces import read_tablespaces
from octeth_backupd.servers.unopened import complete_unopened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.domain.server import Location, LsnPosition, ServerFacts
    from octeth_backupd.domain.space import SizeHistory
    from octeth_backupd.engines.base import Engine, EngineRun, EngineVersion
    from octeth_backupd.engines.selection import EnginePlacement
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.servers.fingerprint import SchemaSize
    from octeth_backupd.servers.server import Server
    from octeth_backupd.servers.survey import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyServer:
    """What preflight hands on: a server that passed every check, and the engine placed for it."""

    server: Server
    survey: Survey
    facts: ServerFacts
    engine: Engine
    engine_version: EngineVersion
    placement: EnginePlacement
    open_files_limit: int
    previous: SizeHistory | None
    guard: Callable[[], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawBackup:
    """What the engine's backup left in its directory, not prepared yet.

    Attributes:
        after: What the server said once the engine had ended; None when it could not be asked.
        fingerprint: Schema → size, of the configured databases or all; None when it could not be asked.
    """

    directory: Path
    engine_run: EngineRun
    state: DirectoryState
    after: ServerAfter | None
    fingerprint: Mapping[str, SchemaSize] | None
    lsn_after: LsnPosition | None
    finished_at: datetime

    @property
    def size_bytes(self) -> int:
        """Return what the engine wrote."""
        return sum(entry.size_bytes for entry in self.state.files.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedBackup:
    """A raw backup with its redo applied: ready to be started on."""

    raw: RawBackup
    engine_run: EngineRun
    state: DirectoryState

    @property
    def directory(self) -> Path:
        """Return where it lies."""
        return self.raw.directory

    @property
    def size_bytes(self) -> int:
        """Return its size."""
        return sum(entry.size_bytes for entry in self.state.files.values())


def take_backup(
    context: RunContext, parts: Parts, ready: ReadyServer, directory: Path, option_directory: Path
) -> RawBackup:
    """Let the engine back up into ``directory``, which it makes.

    Raises:
        ServerUnreachableError: The engine failed because the server went away.
        BackupdError: The engine could not be started, took too long, or the run was cancelled. A bad exit code is
            evidence, not an error.
    """
    settings = ready.server.settings
    with (
        option_file(
            option_directory,
            run_id=context.run.run_id,
            user=settings.user,
            password=settings.password,
            options=tls_options(ready.engine.name, tls=settings.tls, tls_ca=settings.tls_ca),
        ) as options,
        Watch(
            context,
            step="backup",
            measure=lambda: tree_bytes(directory),
            total_bytes=ready.facts.data_bytes,
            guard=ready.guard,
        ),
    ):
        engine_run = ready.engine.backup(
            BackupRequest(
                target_directory=directory,
                option_file=options,
                address=ready.placement.address,
                paths=ready.placement.paths,
                parallel=_parallel(parts),
                open_files_limit=ready.open_files_limit,
                lock_ddl_timeout_seconds=parts.backup.lock_ddl_timeout_seconds,
                facts=ready.facts,
            ),
            ready.placement.runner,
            on_line=context.output_of(ready.engine.name),
            cancellation=context.cancellation,
            timeout_seconds=parts.backup.timeout_seconds,
        )
    finished_at = context.clock.now()
    try:
        after, fingerprint = _ask_again(context, ready)
    except BackupdError as exc:
        if engine_run.completed.exit_code != 0:
            raise _lost(engine_run, exc) from exc
        context.warn(f"the server could not be asked again after the backup: {exc.message}")
        after, fingerprint = None, None
    return RawBackup(
        directory=directory,
        engine_run=engine_run,
        state=_state(directory, ready, with_space_ids=False),
        after=after,
        fingerprint=fingerprint,
        lsn_after=after.lsn if after else None,
        finished_at=finished_at,
    )


def prepare_backup(context: RunContext, parts: Parts, ready: ReadyServer, raw: RawBackup) -> PreparedBackup:
    """Let the engine apply the redo log in place."""
    memory = free_memory()
    redo_bytes = sum(raw.state.files[name].size_bytes for name in REDO_FILES if name in raw.state.files)
    with Watch(context, step="prepare", measure=None, guard=ready.guard):
        engine_run = ready.engine.prepare(
            raw.directory,
            ready.placement.runner,
            memory_bytes=prepare_memory_bytes(
                free_bytes=memory.free_bytes, cgroup_limit_bytes=memory.cgroup_limit_bytes, redo_bytes=redo_bytes
            ),
            on_line=context.output_of(ready.engine.name),
            cancellation=context.cancellation,
            open_files_limit=ready.open_files_limit,
            timeout_seconds=parts.backup.timeout_seconds,
        )
    return PreparedBackup(raw=raw, engine_run=engine_run, state=_state(raw.directory, ready, with_space_ids=True))


def _state(directory: Path, ready: ReadyServer, *, with_space_ids: bool) -> DirectoryState:
    if not directory.is_dir():
        return DirectoryState(files={})
    return directory_state(directory, ready.engine.expectation, with_space_ids=with_space_ids)


def _ask_again(context: RunContext, ready: ReadyServer) -> tuple[ServerAfter | None, Mapping[str, SchemaSize] | None]:
    """Ask the server what it has now, and how large its databases are.

    Raises:
        BackupdError: It is gone, or another container has taken its place.
    """
    location = ready.server.locate()
    _require_same_container(ready.survey.location, location)
    with ready.server.connect(location) as session:
        tablespaces = read_tablespaces(session, ready.facts.vendor)
        if ready.survey.paths is not None:
            tablespaces = complete_unopened(tablespaces, ready.survey.paths)
        after = ServerAfter(
            tablespaces=tablespaces,
            other_tables=read_other_tables(session),
            lsn=read_lsn(session, context.clock),
        )
        return after, read_fingerprint(session, ready.server.settings.databases or ready.facts.schemas)


def _require_same_container(before: Location | None, now: Location) -> None:
    if before is None or before.container is None or now.container is None:
        return
    if before.container.container_id != now.container.container_id:
        raise ServerUnreachableError(
            f"container {now.container.name} was replaced by another one in the meantime",
            hint="The next run finds the new one by its name; do not recreate the container during a backup.",
            retryable=True,
        )


def _lost(engine_run: EngineRun, reason: BackupdError) -> ServerUnreachableError:
    """Return one error for an engine that failed and a server that is gone: the second explains the first."""
    said = engine_run.error_lines[0] if engine_run.error_lines else engine_run.last_line
    return ServerUnreachableError(
        f"the server was lost during the backup: {reason.message}; {engine_run.completed.program} said: {said[:300]}",
        hint=reason.hint,
        retryable=True,
    )


def _parallel(parts: Parts) -> int:
    if parts.backup.parallel == "auto":
        return os.cpu_count() or 1
    return parts.backup.parallel
