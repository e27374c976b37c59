"""A MySQL server as the daemon sees it: version, where it is, what its files are, what it says in SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from octeth_backupd.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path, PurePosixPath


class Vendor(StrEnum):
    """Who made the server; decides engine and identity rules."""

    MYSQL = "mysql"
    PERCONA = "percona"
    MARIADB = "mariadb"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Version:
    """Three numbers that order; the text a program printed is kept elsewhere."""

    major: int
    minor: int
    patch: int

    @property
    def series(self) -> tuple[int, int]:
        """Return (major, minor), what an engine must share with its server."""
        return (self.major, self.minor)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def parse_version(text: str) -> Version:
    """Return the first ``x.y.z`` in a text such as ``10.11.19-MariaDB-0+deb12u1-log``.

    Raises:
        ServerError: There is none.
    """
    match = _VERSION.search(text)
    if match is None:
        raise ServerError(f"no version number in {text!r}")
    return Version(major=int(match[1]), minor=int(match[2]), patch=int(match[3]))


def vendor_of(version_text: str, version_comment: str) -> Vendor:
    """Return the vendor from ``@@version`` and ``@@version_comment``.

    MariaDB names itself in the version only: Debian's comment is just "Debian 12".
    """
    if "mariadb" in version_text.lower():
        return Vendor.MARIADB
    if "percona" in version_comment.lower():
        return Vendor.PERCONA
    return Vendor.MYSQL


class Placement(StrEnum):
    """How the server runs, as the configuration says."""

    CONTAINER = "container"
    SYSTEMD = "systemd"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One way to reach the server: a TCP address or a Unix socket.

    Attributes:
        origin: How it was found, in words for messages ("published port", "network bridge").
    """

    host: str = ""
    port: int = 3306
    unix_socket: str = ""
    origin: str = "configuration"

    def __str__(self) -> str:
        if self.unix_socket:
            return self.unix_socket
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A directory of the host seen inside a container.

    Attributes:
        source: Path on the host.
        destination: Path inside the container.
    """

    source: Path
    destination: PurePosixPath
    kind: str = "bind"
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerFacts:
    """What ``docker inspect`` says of the server's container, now."""

    container_id: str
    name: str
    image: str
    image_id: str
    image_digest: str
    status: str
    paused: bool
    restarting: bool
    started_at: str
    network_mode: str
    mounts: tuple[Mount, ...]
    addresses: tuple[Address, ...]
    command: tuple[str, ...] = ()
    restart_policy: str = ""
    memory_limit_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a server runs and how it might be reached; found before any SQL."""

    placement: Placement
    addresses: tuple[Address, ...]
    container: ContainerFacts | None = None
    systemd_unit: str = ""


class TablespaceKind(StrEnum):
    """InnoDB's kinds of tablespace, as far as the daemon treats them differently."""

    SINGLE = "single"
    GENERAL = "general"
    SYSTEM = "system"
    UNDO = "undo"
    TEMPORARY = "temporary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tablespace:
    """An InnoDB tablespace as the server lists it.

    Attributes:
        name: In InnoDB's own spelling, ``schema/table`` encoded as in file names.
        path: File name as the server gives it, relative to its data directory or absolute; empty when unknown.
        size_bytes: Size of the file.
        discarded: It has no file at the moment.
    """

    space_id: int
    name: str
    size_bytes: int
    kind: TablespaceKind = TablespaceKind.SINGLE
    path: str = ""
    discarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineTable:
    """A table of a storage engine other than InnoDB, with its name as its files are called."""

    schema: str
    table: str
    engine: str
    file_stem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTransaction:
    """A transaction that has been open for a while."""

    thread_id: int
    user: str
    age_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LsnPosition:
    """The server's redo position at one moment, in bytes since the redo log began."""

    current_lsn: int
    checkpoint_lsn: int
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPaths:
    """Every path of the server: as it says itself, and where that is on the host.

    ``server`` maps the role ("data", "binlog", "binlog_index", "redo", "undo", "innodb_home") to the server's own
    absolute path; ``host`` holds the same roles that could be mapped to the host. ``unmapped`` roles have no host path.
    """

    server: Mapping[str, PurePosixPath]
    host: Mapping[str, Path]

    @property
    def data_directory(self) -> Path | None:
        """Return the data directory on the host, or None where the host cannot see it."""
        return self.host.get("data")

    @property
    def unmapped(self) -> tuple[str, ...]:
        """Return the roles that could not be mapped to the host."""
        return tuple(role for role in self.server if role not in self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerIdentity:
    """What tells this server's data from any other's.

    Attributes:
        server_uuid: MySQL's ``@@server_uuid``; empty for MariaDB, which has none.
        data_device: ``st_dev`` of the system tablespace on the host, or 0.
        data_inode: ``st_ino`` of it, or 0.
    """

    vendor: Vendor
    server_uuid: str = ""
    server_id: int = 0
    hostname: str = ""
    data_device: int = 0
    data_inode: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """Everything asked of a server in SQL, in one sitting.

    Attributes:
        variables: ``SHOW GLOBAL VARIABLES`` as text, names in lower case.
        persisted_variables: ``performance_schema.persisted_variables``; empty on MariaDB.
        grants: Lines of ``SHOW GRANTS``, password hashes masked.
        redo_capacity_bytes: What the server may write before it overwrites redo that a backup has not read yet.
        gtid: ``gtid_executed`` (MySQL) or ``gtid_binlog_pos`` (MariaDB).
        encryption: Reasons to believe that a keyring is needed to read the files; empty: none in use.
        notes: What could not be asked, or not wholly, and why; nothing that a backup depends on.
        redo_logging: False while ``ALTER INSTANCE DISABLE INNODB REDO_LOG`` is in force (MySQL's status variable
            ``Innodb_redo_log_enabled``).
    """

    address: Address
    user: str
    vendor: Vendor
    version: Version
    version_text: str
    version_comment: str
    identity: ServerIdentity
    variables: Mapping[str, str]
    persisted_variables: Mapping[str, str]
    grants: tuple[str, ...]
    tablespaces: tuple[Tablespace, ...]
    other_tables: tuple[EngineTable, ...]
    engine_counts: Mapping[str, int]
    long_transactions: tuple[LongTransaction, ...]
    lsn: LsnPosition | None
    redo_capacity_bytes: int
    gtid: str
    encryption: tuple[str, ...]
    row_version_tables: tuple[str, ...] = ()
    schemas: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = ()
    redo_logging: bool = True

    @property
    def data_bytes(self) -> int:
        """Return the bytes that a full copy holds: all tablespaces but the temporary one."""
        return sum(t.size_bytes for t in self.tablespaces if t.kind is not TablespaceKind.TEMPORARY)
