"""Finding out all that a backup of a server needs to know, before anything is done; ``preflight`` judges it."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.compression.registry import is_packed_by
from octeth_backupd.domain.backup import Origin
from octeth_backupd.domain.space import (
    BACKUPS_ROLE,
    SERVER_ROLE,
    WORKSPACE_ROLE,
    FileSystem,
    SizeHistory,
    SpacePolicy,
)
from octeth_backupd.engines.registry import engine_for
from octeth_backupd.engines.selection import EnginePlacement, choose_engine, place
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.unit_look import look_at_unit
from octeth_backupd.preflight.base import Subject
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.process.files import free_bytes
from octeth_backupd.servers.lsn import read_lsn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Literal

    from octeth_backupd.domain.server import Location, LsnPosition
    from octeth_backupd.engines.base import Engine, EngineVersion
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.sidecar import SidecarRunner
    from octeth_backupd.servers.server import Server
    from octeth_backupd.servers.survey import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found: the subject that checks look at, and the parts of it that a run works with."""

    subject: Subject
    survey: Survey
    engine: Engine | None
    engine_version: EngineVersion | None
    placement: EnginePlacement | None


def inspect_server(
    server: Server,
    parts: Parts,
    *,
    programs: Programs,
    binds: Mapping[Path, Literal["rw", "ro"]],
    cancellation: Cancellation,
) -> Inspection:
    """Look at a server and the places its backup needs; what cannot be found out is part of the result.

    Args:
        server: Which.
        parts: The configuration's object graph.
        programs: Runners of this run.
        binds: What a sidecar sees of the host, at the same path.
        cancellation: The run's token; asking an engine for its version takes a moment.
    """
    survey = server.survey()
    choice = _Choice(parts, survey, programs, binds, cancellation)
    choice.make()
    subject = Subject(
        server=server.name,
        settings=server.settings,
        survey=survey,
        storages=parts.storages,
        workspace_directory=parts.workspace_directory,
        backup_directory=parts.backup_directory,
        unit=look_at_unit(server, survey, programs.host),
        state_directory=parts.journals.directory.parent,
        engine=choice.engine,
        engine_error=choice.engine_error,
        engine_version=choice.version,
        engine_version_error=choice.version_error,
        placement=choice.placement,
        placement_error=choice.placement_error,
        identity=None if survey.paths is None else lambda: str(server.check_identity(survey)),
        file_systems=file_systems(parts, survey),
        space_policy=space_policy(parts),
        later_lsn=_later_lsn(server, survey),
        previous=_size_history(parts, server.name),
        open_files_limit=open_files_limit(),
        compression=parts.compression.algorithm,
    )
    return Inspection(
        subject=subject,
        survey=survey,
        engine=choice.engine,
        engine_version=choice.version,
        placement=choice.placement,
    )


class _Choice:
    """Which engine, in which version, running where; each with the error that prevented it."""

    def __init__(
        self,
        parts: Parts,
        survey: Survey,
        programs: Programs,
        binds: Mapping[Path, Literal["rw", "ro"]],
        cancellation: Cancellation,
    ) -> None:
        self._parts = parts
        self._survey = survey
        self._programs = programs
        self._binds = binds
        self._cancellation = cancellation
        self.engine: Engine | None = None
        self.engine_error: BackupdError | None = None
        self.placement: EnginePlacement | None = None
        self.placement_error: BackupdError | None = None
        self.version: EngineVersion | None = None
        self.version_error: BackupdError | None = None

    def make(self) -> None:
        """Choose as far as what is known allows."""
        facts = self._survey.facts
        if facts is None:
            return
        try:
            name = choose_engine(self._parts.backup.engine, facts.vendor)
            self.engine = engine_for(name, self._parts.engines)
        except BackupdError as exc:
            self.engine_error = exc
            return
        try:
            self.placement = self._place(self.engine, self._survey.location)
        except BackupdError as exc:
            self.placement_error = exc
        if self.placement is None:
            return
        try:
            self.version = self.engine.version(self.placement.runner, cancellation=self._cancellation)
        except BackupdError as exc:
            self._cancellation.raise_if_cancelled()
            self.version_error = exc

    def _place(self, engine: Engine, location: Location | None) -> EnginePlacement | None:
        survey = self._survey
        if location is None or survey.facts is None or survey.paths is None:
            return None
        return place(
            engine=engine,
            runner=self._parts.backup.runner,
            sidecar_image=self._parts.backup.sidecar_image,
            location=location,
            facts=survey.facts,
            paths=survey.paths,
            host_runner=self._programs.host,
            make_sidecar=self._sidecar,
        )

    def _sidecar(self, image: str, container_id: str) -> SidecarRunner:
        return self._programs.sidecar(image, container_id, self._binds)


def _later_lsn(server: Server, survey: Survey) -> LsnPosition | None:
    """Return the redo position once more; what has passed since the survey is long enough to see a flood of redo."""
    if survey.location is None or survey.facts is None:
        return None
    try:
        with server.connect(survey.location) as session:
            return read_lsn(session, SystemClock())
    except BackupdError:
        return None  # the check "redo_headroom" then judges by the capacity alone


def _size_history(parts: Parts, server: str) -> SizeHistory | None:
    # Another host's server of the same name may be of any size.
    last = parts.catalog.last_good_backup(server, ours_only=True)
    if last is None or last.origin is Origin.LEGACY:  # its size is that of other files, compressed otherwise
        return None
    is_same = is_packed_by(parts.compression, last.archive_name)
    return SizeHistory(data_bytes=last.data_bytes, archive_bytes=last.archive_bytes if is_same else 0)


def file_systems(parts: Parts, survey: Survey) -> tuple[FileSystem, ...]:
    """Return the file systems of workspace, backups and, where the host sees it, the server, as they are now."""
    places = {WORKSPACE_ROLE: parts.workspace_directory, BACKUPS_ROLE: parts.backup_directory}
    if survey.paths is not None and survey.paths.data_directory is not None:
        places[SERVER_ROLE] = survey.paths.data_directory
    found = []
    for role, path in places.items():
        try:
            found.append(FileSystem.of(role, str(path), free_bytes(path)))
        except (BackupdError, OSError):
            continue  # the check "space" says unknown for what is missing
    return tuple(found)


def space_policy(parts: Parts) -> SpacePolicy:
    """Return the limits that the configuration sets."""
    return SpacePolicy(
        margin_bytes=parts.backup.space_margin,
        max_disk_usage_percent=parts.backup.max_disk_usage_percent,
        min_free_bytes=parts.backup.min_free,
    )


def open_files_limit() -> int:
    """Return how many files a program that the daemon starts may open: the hard limit; 0 for no limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 0 if hard == resource.RLIM_INFINITY else hard
