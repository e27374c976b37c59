"""A server that passes every preflight check; each test spoils one thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any, cast

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.server import (
    Address,
    ContainerFacts,
    Location,
    Mount,
    Placement,
    ServerFacts,
    ServerPaths,
    Vendor,
    Version,
)
from octeth_backupd.domain.space import BACKUPS_ROLE, GIB, SERVER_ROLE, WORKSPACE_ROLE, FileSystem
from octeth_backupd.engines.base import Engine, EngineVersion
from octeth_backupd.errors import BackupdError
from octeth_backupd.preflight.base import Check, Subject
from octeth_backupd.preflight.registry import CHECKS
from octeth_backupd.servers.settings import ServerSettings
from octeth_backupd.servers.survey import Survey
from octeth_backupd.storage.base import Storage
from tests.unit.domain.postconditions.builder import facts as server_facts

MARIADB_GRANTS = ("GRANT RELOAD, PROCESS, BINLOG MONITOR, SHOW VIEW ON *.* TO `bkp`@`%` IDENTIFIED BY PASSWORD '***'",)


class StandInEngine:
    """Answers what preflight asks of an engine."""

    name = "mariadb-backup"

    def __init__(self, *, fits: bool = True, grants: tuple[str, ...] = ("RELOAD", "PROCESS", "BINLOG MONITOR")) -> None:
        self._fits = fits
        self._grants = grants

    def check_fit(self, version: EngineVersion, facts: ServerFacts) -> CheckResult:
        return CheckResult(
            name="fit",
            status=CheckStatus.PASSED if self._fits else CheckStatus.FAILED,
            summary=f"{self.name} {version.text} on {facts.version_text}",
            command="" if self._fits else "apt-get install mariadb-backup",
        )

    def required_grants(self, facts: ServerFacts) -> tuple[str, ...]:
        return self._grants


class StandInStorage:
    """A storage backend that can or cannot be written."""

    def __init__(self, name: str = "local", error: BackupdError | None = None) -> None:
        self.name = name
        self.is_remote = name != "local"
        self._error = error

    def check(self) -> None:
        if self._error is not None:
            raise self._error


def engine(**changes: Any) -> Engine:
    return cast("Engine", StandInEngine(**changes))


def storage(name: str = "local", error: BackupdError | None = None) -> Storage:
    return cast("Storage", StandInStorage(name, error))


def placement(kind: str) -> Any:
    return SimpleNamespace(kind=kind)


def facts(vendor: Vendor = Vendor.MARIADB, **changes: Any) -> ServerFacts:
    return replace(server_facts(vendor), grants=MARIADB_GRANTS, **changes)


def container_facts(**changes: Any) -> ContainerFacts:
    return replace(
        ContainerFacts(
            container_id="c0ffee",
            name="oempro_mysql",
            image="mariadb:10.11",
            image_id="sha256:1",
            image_digest="",
            status="running",
            paused=False,
            restarting=False,
            started_at="2026-11-22T00:00:00Z",
            network_mode="bridge",
            mounts=(Mount(source=Path("/srv/mysql"), destination=PurePosixPath("/var/lib/mysql")),),
            addresses=(Address(host="127.0.0.1"),),
        ),
        **changes,
    )


def location(container: ContainerFacts | None = None) -> Location:
    return Location(
        placement=Placement.CONTAINER,
        addresses=(Address(host="127.0.0.1"),),
        container=container or container_facts(),
    )


PATHS = ServerPaths(
    server={"data": PurePosixPath("/var/lib/mysql"), "binlog": PurePosixPath("/binlogs")},
    host={"data": Path("/srv/mysql"), "binlog": Path("/srv/binlogs")},
)


def survey(**changes: Any) -> Survey:
    return replace(Survey(location=location(), facts=facts(), paths=PATHS), **changes)


def file_systems(**free_gib: float) -> tuple[FileSystem, ...]:
    return tuple(
        FileSystem(
            role=role,
            path=f"/{role}",
            device=device,
            free_bytes=int(free_gib.get(role, 500) * GIB),
            used_percent=10,
        )
        for device, role in enumerate((WORKSPACE_ROLE, BACKUPS_ROLE, SERVER_ROLE), start=1)
    )


def subject(workspace: Path = Path("/nonexistent"), **changes: Any) -> Subject:
    """Return a subject that passes every check when its workspace can be written."""
    good = Subject(
        server="oempro",
        settings=ServerSettings(container="oempro_mysql"),
        survey=survey(),
        storages=(storage(),),
        workspace_directory=workspace,
        backup_directory=workspace,
        engine=engine(),
        engine_version=EngineVersion(version=Version(major=10, minor=11, patch=19), text="10.11.19-MariaDB"),
        placement=placement("sidecar"),
        identity=lambda: "ibdata1 is the same file inside and outside the container",
        file_systems=file_systems(),
        open_files_limit=65536,
        find_program=lambda name: f"/usr/bin/{name}",
    )
    return replace(good, **changes)


def nothing_known(stage: str = "docker", error: BackupdError | None = None) -> dict[str, Any]:
    """Return the changes of a subject whose survey ended before anything was found."""
    return {
        "survey": Survey(error=error or BackupdError("it ended here", hint="Do this."), error_stage=cast("Any", stage)),
        "engine": None,
        "engine_version": None,
        "placement": None,
        "identity": None,
    }


def check(name: str) -> Check:
    """Return the registered check of this name."""
    (found,) = [one for one in CHECKS if one.name == name]
    return found


def run(name: str, examined: Subject) -> CheckResult:
    """Return the answer of one check."""
    return check(name).run(examined)
