"""The engines' other text files: what was run against which server, its InnoDB settings, its binlog position."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Mapping

INFO_FILE_NAMES = ("xtrabackup_info", "mariadb_backup_info")
BINLOG_FILE_NAMES = ("xtrabackup_binlog_info", "mariadb_backup_binlog_info")
BACKUP_CNF_NAME = "backup-my.cnf"


@dataclass(frozen=True, slots=True, kw_only=True)
class BinlogPosition:
    """Where the server's binlog stood at the moment the backup shows.

    Attributes:
        gtid: Set of executed (MySQL) or last (MariaDB) transactions; empty where GTIDs are not in use.
    """

    file: str
    position: int
    gtid: str = ""


def parse_key_values(text: str, *, file: str) -> dict[str, str]:
    """Return the ``key = value`` lines of a metadata file.

    Raises:
        MetadataError: The file is empty, a line is something else, or a key appears twice.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        key, separator, value = line.partition("=")
        if not separator or not key.strip():
            raise MetadataError(f"{file} line {number} is {line[:80]!r}; expected 'key = value'")
        if key.strip() in values:
            raise MetadataError(f"{file} line {number} repeats {key.strip()!r}; expected each key once")
        values[key.strip()] = value.strip()
    if not values:
        raise MetadataError(f"{file} is empty; expected 'key = value' lines")
    return values


def parse_info(text: str, *, file: str = INFO_FILE_NAMES[0]) -> Mapping[str, str]:
    """Return what an info file says: tool, versions, times, LSNs.

    Raises:
        MetadataError: It is malformed or names no server version.

    Source:
        Written last by mariadb-backup 10.11; XtraBackup adds ``encrypted``, and in 8.4 ``server_flavor``,
        ``lock_ddl_type`` and ``backup_size``.
    """
    values = parse_key_values(text, file=file)
    for key in ("tool_version", "server_version"):
        if not values.get(key):
            raise MetadataError(f"{file} has no {key}; expected a line such as '{key} = 10.11.19-MariaDB'")
    return values


def parse_backup_cnf(text: str, *, file: str = BACKUP_CNF_NAME) -> Mapping[str, str]:
    """Return the options of the ``[mysqld]`` group; an option without a value has an empty one.

    Raises:
        MetadataError: There is no such group, or an option stands outside a group.
    """
    options: dict[str, str] = {}
    group = ""
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith(("#", ";")):
            continue
        if stripped.startswith("["):
            group = stripped.strip("[]")
            continue
        if not group:
            raise MetadataError(
                f"{file} line {number} is {stripped[:80]!r}; expected a group such as [mysqld] before it"
            )
        key, _, value = stripped.partition("=")
        if group == "mysqld":
            options[key.strip()] = value.strip().strip('"')
    if not options:
        raise MetadataError(f"{file} has no options under [mysqld]; expected at least innodb_page_size")
    return options


_BINLOG_LINE = re.compile(r"(?P<file>[^\t]+)\t(?P<position>\d+)(?:\t(?P<gtid>.*))?", re.DOTALL)


def parse_binlog_info(text: str, *, file: str = BINLOG_FILE_NAMES[0]) -> BinlogPosition:
    """Return the binlog position: file, position and GTIDs, separated by tabs; a long GTID set may span lines.

    Raises:
        MetadataError: It is anything else.
    """
    match = _BINLOG_LINE.fullmatch(text.strip("\n"))
    if match is None:
        raise MetadataError(
            f"{file} line 1 is {text[:80]!r}; expected binlog file, position and GTIDs with tabs between them"
        )
    gtid = "".join((match["gtid"] or "").split())
    return BinlogPosition(file=match["file"].strip(), position=int(match["position"]), gtid=gtid)
