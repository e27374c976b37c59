"""Preparing a staged backup: with the engine that made it, wherever there is one of the right version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.memory import prepare_memory_bytes
from octeth_backupd.domain.postconditions.base import Stage
from octeth_backupd.domain.postconditions.engine_runs import completed_ok, exit_code, no_error_line
from octeth_backupd.domain.postconditions.metadata import REDO_FILES, checkpoints_prepared, lsn_kept, partial_files
from octeth_backupd.engines.registry import engine_for
from octeth_backupd.errors import BackupdError, EngineError, VerificationError
from octeth_backupd.pipeline.directory_state import directory_state
from octeth_backupd.pipeline.inspection import open_files_limit
from octeth_backupd.pipeline.restore.staging_guard import SPACE_HINT
from octeth_backupd.pipeline.watch import Watch
from octeth_backupd.process.packages import install_hint
from octeth_backupd.servers.memory import free_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from octeth_backupd.domain.postconditions.evidence import DirectoryState
    from octeth_backupd.domain.server import Version
    from octeth_backupd.engines.base import Engine, EngineRun, Expectation
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.programs import Programs
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.command import Runner

_NO_PREPARE_IN = "mariadb-backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparer:
    """An engine that can prepare a backup, and where its program runs.

    Attributes:
        place: In words, for plan and log: ``host``, ``image sha256:…``.
    """

    engine: Engine
    runner: Runner
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Evidence:
    """See domain.postconditions.evidence.PrepareEvidence."""

    engine: str
    expectation: Expectation
    prepare_run: EngineRun
    raw: DirectoryState
    prepared: DirectoryState
    backup_run: None = None


def find_preparer(
    parts: Parts,
    programs: Programs,
    *,
    engine_name: str,
    version: Version,
    directory: Path,
    server_image: str,
    cancellation: Cancellation,
) -> Preparer:
    """Return what can prepare a backup: the first place that holds the engine in the right series.

    MariaDB's image holds the engine of exactly the server's version; XtraBackup is usually on the host. An image is
    used without network, and sees nothing but the backup.

    Args:
        parts: Name the configured image.
        programs: Of this run.
        engine_name: The one that made the backup.
        version: Of the server that the backup was taken of.
        directory: The backup; an image sees it at the same path.
        server_image: Of the server's container; empty outside Docker.
        cancellation: Of this run.

    Raises:
        EngineError: There is none; the message says what was found where.
        BackupdError: The token's reason.
    """
    engine = engine_for(engine_name, parts.engines)
    reasons = []
    for place, runner in _places(parts, programs, engine_name, directory, server_image):
        cancellation.raise_if_cancelled()
        try:
            found = engine.version(runner, cancellation=cancellation).version
        except BackupdError as exc:
            cancellation.raise_if_cancelled()
            reasons.append(f"{place}: {exc.message}")
            continue
        if found.series == version.series:
            return Preparer(engine=engine, runner=runner, place=place)
        reasons.append(f"{place}: {engine_name} is {found}")
    raise EngineError(
        f"the backup is not prepared, and no {engine_name} {version.major}.{version.minor} is there to prepare it: "
        + "; ".join(reasons),
        hint=f"{install_hint(engine_name)} Or set [backup] sidecar_image to an image that holds it.",
    )


def _places(
    parts: Parts, programs: Programs, engine_name: str, directory: Path, server_image: str
) -> Iterator[tuple[str, Runner]]:
    binds: dict[Path, Literal["rw", "ro"]] = {directory: "rw"}
    if engine_name != _NO_PREPARE_IN:
        yield "host", programs.host
    for image in dict.fromkeys((parts.backup.sidecar_image, server_image)):
        if image:
            yield f"image {image[:80]}", programs.sidecar(image, "", binds)
    if engine_name == _NO_PREPARE_IN:
        yield "host", programs.host


def prepare(
    context: RunContext, parts: Parts, preparer: Preparer, directory: Path, *, guard: Callable[[], str | None]
) -> None:
    """Apply the redo log to a staged backup, in place, and judge the engine's work as after a backup.

    Raises:
        VerificationError: The engine failed, printed an error, or did not come to its end.
        ProgramError: It could not be started, or took too long.
        BackupdError: The token's reason.
    """
    engine = preparer.engine
    raw = directory_state(directory, engine.expectation, with_space_ids=False)
    memory = free_memory()
    with Watch(context, step="prepare", measure=None, guard=guard, space_hint=SPACE_HINT):
        run = engine.prepare(
            directory,
            preparer.runner,
            memory_bytes=prepare_memory_bytes(
                free_bytes=memory.free_bytes,
                cgroup_limit_bytes=memory.cgroup_limit_bytes,
                redo_bytes=sum(raw.files[name].size_bytes for name in REDO_FILES if name in raw.files),
            ),
            on_line=context.output_of(engine.name),
            cancellation=context.cancellation,
            open_files_limit=open_files_limit(),
            timeout_seconds=parts.backup.timeout_seconds,
        )
    _judge(
        _Evidence(
            engine=engine.name,
            expectation=engine.expectation,
            prepare_run=run,
            raw=raw,
            prepared=directory_state(directory, engine.expectation, with_space_ids=False),
        )
    )


def _judge(evidence: _Evidence) -> None:
    answers = (
        exit_code(evidence, Stage.PREPARE),
        completed_ok(evidence, Stage.PREPARE),
        no_error_line(evidence, Stage.PREPARE),
        checkpoints_prepared(evidence),
        lsn_kept(evidence),
        partial_files(evidence),
    )
    bad = [answer for answer in answers if answer.status is CheckStatus.FAILED]
    if bad:
        raise VerificationError(
            "the backup could not be prepared: " + "; ".join(answer.summary for answer in bad),
            hint="Restore another backup; the engine's lines are in the run's log.",
        )
