"""Where a restore goes: all that is known of the server's place, working or not, and where each fact came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePosixPath

    from octeth_backupd.domain.server import ContainerFacts, Placement, ServerIdentity, Vendor, Version


class Source(StrEnum):
    """Where a fact came from, best first."""

    SQL = "live SQL"
    CONTAINER = "container"
    CONFIGURATION = "configuration"
    FILES = "files"
    CATALOG = "catalog"
    MANIFEST = "manifest"
    ASSUMED = "assumed"


class DataState(StrEnum):
    """What lies in the server's data directory now."""

    ABSENT = "absent"
    EMPTY = "empty"
    STRAY = "without mysql/"
    FRESH = "no user schemas"
    PRESENT = "user schemas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that is known, in words, and where from; a line of the plan."""

    name: str
    value: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whom the server's files belong to on the host."""

    user_id: int
    group_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a restore goes.

    Attributes:
        server: Name in the configuration.
        container: What ``docker inspect`` says; None outside Docker, or when it does not exist.
        version: Of the server that will be started on the restored data: the present one, not the backup's.
        variables: ``SHOW GLOBAL VARIABLES`` as far as known: live, else of the newest backup, else of this one.
        command: Program and arguments that the server is started with, without any entrypoint.
        server_paths: Role → the server's own path (``data``, ``binlog``, …).
        host_paths: The same on the host.
        log_bin: It writes binary logs.
        is_running: Its container or unit runs.
        is_answering: It takes SQL.
        data_state: What lies in the data directory.
        user_schemas: Directories of schemas there that are not the server's own.
        identity: Of the data that lies there, as far as it tells.
        facts: For the plan.
    """

    server: str
    placement: Placement
    container: ContainerFacts | None = None
    systemd_unit: str = ""
    vendor: Vendor
    version: Version
    variables: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    server_paths: Mapping[str, PurePosixPath]
    host_paths: Mapping[str, Path]
    log_bin: bool
    owner: Owner
    is_running: bool
    is_answering: bool
    data_state: DataState
    user_schemas: tuple[str, ...] = ()
    identity: ServerIdentity | None = None
    facts: tuple[Fact, ...] = ()

    @property
    def data_directory(self) -> Path:
        """Return the data directory on the host."""
        return self.host_paths["data"]

    @property
    def binlog_directory(self) -> Path | None:
        """Return the directory of the binary logs on the host where it is not (in) the data directory; else None."""
        binlog = self.host_paths.get("binlog")
        if not self.log_bin or binlog is None or binlog.is_relative_to(self.data_directory):
            return None
        return binlog
