"""InnoDB's tablespaces as the server lists them."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.server import Tablespace, TablespaceKind, Vendor
from octeth_backupd.servers.file_names import file_name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.servers.session import Session

_MARIADB = """
    SELECT SPACE, NAME, FILENAME, FILE_SIZE FROM information_schema.INNODB_SYS_TABLESPACES
"""
_MARIADB_TABLES = """
    SELECT SPACE, NAME FROM information_schema.INNODB_SYS_TABLES WHERE SPACE_TYPE = 'Single' AND SPACE > 0
"""
_MYSQL = """
    SELECT SPACE, NAME, SPACE_TYPE, FILE_SIZE, STATE FROM information_schema.INNODB_TABLESPACES
"""
_MYSQL_FILES = """
    SELECT FILE_ID, FILE_NAME, TABLESPACE_NAME, TOTAL_EXTENTS * EXTENT_SIZE AS BYTES
    FROM information_schema.FILES WHERE ENGINE = 'InnoDB'
"""
_MYSQL_KINDS = {
    "Single": TablespaceKind.SINGLE,
    "General": TablespaceKind.GENERAL,
    "Undo": TablespaceKind.UNDO,
    "System": TablespaceKind.SYSTEM,
}
_SYSTEM_SPACE_ID = 0
_TEMPORARY = "innodb_temporary"


def read_tablespaces(session: Session, vendor: Vendor) -> tuple[Tablespace, ...]:
    """Return all tablespaces, in the order of their ids.

    Names are spelt as files are, whatever the vendor spells them like in SQL.

    Raises:
        PrivilegeMissingError: The account lacks PROCESS.
        ServerError: Another failure of the query.

    Source:
        MariaDB and MySQL 8.4 manuals, information_schema.INNODB_SYS_TABLESPACES, INNODB_TABLESPACES and FILES.
    """
    found = _of_mariadb(session) if vendor is Vendor.MARIADB else _of_mysql(session)
    return tuple(sorted(found, key=lambda tablespace: tablespace.space_id))


def _of_mariadb(session: Session) -> list[Tablespace]:
    """MariaDB lists only what it has opened: a table without a file is known by its dictionary alone."""
    listed = [
        Tablespace(
            space_id=int(row["SPACE"]),
            name=str(row["NAME"]),
            size_bytes=int(row["FILE_SIZE"] or 0),
            kind=_mariadb_kind(int(row["SPACE"]), str(row["NAME"])),
            path=_clean(row["FILENAME"]),
        )
        for row in session.rows(_MARIADB)
    ]
    opened = {tablespace.space_id for tablespace in listed}
    return listed + [
        Tablespace(space_id=int(row["SPACE"]), name=str(row["NAME"]), size_bytes=0, discarded=True)
        for row in session.rows(_MARIADB_TABLES)
        if int(row["SPACE"]) not in opened
    ]


def _mariadb_kind(space_id: int, name: str) -> TablespaceKind:
    if space_id == _SYSTEM_SPACE_ID:
        return TablespaceKind.SYSTEM
    if name == _TEMPORARY:
        return TablespaceKind.TEMPORARY
    return TablespaceKind.UNDO if name.startswith("innodb_undo") else TablespaceKind.SINGLE


def _of_mysql(session: Session) -> list[Tablespace]:
    """MySQL lists the system tablespace among the files only, and spells names as in SQL."""
    files: dict[int, str] = {}
    discarded_files: dict[str, str] = {}
    system_bytes = 0
    for row in session.rows(_MYSQL_FILES):
        if row["FILE_ID"] is None:
            discarded_files[str(row["TABLESPACE_NAME"])] = _clean(row["FILE_NAME"])
            continue
        files.setdefault(int(row["FILE_ID"]), _clean(row["FILE_NAME"]))
        if int(row["FILE_ID"]) == _SYSTEM_SPACE_ID:
            system_bytes += int(row["BYTES"] or 0)
    found = [_of_mysql_row(row, files.get(int(row["SPACE"])), discarded_files) for row in session.rows(_MYSQL)]
    if _SYSTEM_SPACE_ID in files and all(tablespace.space_id != _SYSTEM_SPACE_ID for tablespace in found):
        found.append(
            Tablespace(
                space_id=_SYSTEM_SPACE_ID,
                name="innodb_system",
                size_bytes=system_bytes,
                kind=TablespaceKind.SYSTEM,
                path=files[_SYSTEM_SPACE_ID],
            )
        )
    return found


def _of_mysql_row(row: Mapping[str, Any], file: str | None, discarded_files: Mapping[str, str]) -> Tablespace:
    name = str(row["NAME"])
    kind = TablespaceKind.TEMPORARY if name == _TEMPORARY else _MYSQL_KINDS[str(row["SPACE_TYPE"])]
    path = file or discarded_files.get(name, "")
    return Tablespace(
        space_id=int(row["SPACE"]),
        name=_name_as_files_are(name, path) if kind is TablespaceKind.SINGLE else name,
        size_bytes=int(row["FILE_SIZE"] or 0),
        kind=kind,
        path=path,
        discarded=str(row["STATE"]) == "discarded",
    )


def _name_as_files_are(name: str, path: str) -> str:
    """Return ``schema/table`` encoded: the path's last two parts, or by the rules where there is no path."""
    file = PurePosixPath(path)
    if file.parent.name:
        return f"{file.parent.name}/{file.stem}"
    return "/".join(file_name_of(part) for part in name.split("/", 1))


def _clean(file_name: object) -> str:
    """Return a file name without the detours that the servers print (``.//undo001``)."""
    return posixpath.normpath(str(file_name)) if file_name else ""
