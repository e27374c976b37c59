"""What lies in a data directory, judged by names and sizes alone: it may be anything, on the worst day."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.site import DataState
from octeth_backupd.domain.restore.swap import ROOM_PREFIX
from octeth_backupd.domain.table_files import decode_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SYSTEM_DIRECTORY = "mysql"
_SYSTEM_SCHEMAS = frozenset({SYSTEM_DIRECTORY, "performance_schema", "sys", "information_schema"})
_NOT_DATA = frozenset({"lost+found", ".snapshot", ".zfs"})
_FRESH_SYSTEM_TABLESPACE_BYTES = 64 << 20
_SYSTEM_TABLESPACE = "ibdata1"
_DICTIONARY = "mysql.ibd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a directory holds.

    Attributes:
        files: Name → bytes, at the top.
        directories: Name → whether it holds any file of a table (all but ``db.opt`` count).
    """

    files: Mapping[str, int] = field(default_factory=dict)
    directories: Mapping[str, bool] = field(default_factory=dict)


def data_state(listing: Listing | None) -> DataState:
    """Return what lies in a data directory.

    Args:
        listing: None when there is no such directory.
    """
    if listing is None:
        return DataState.ABSENT
    names = {name for name in (*listing.files, *listing.directories) if _is_content(name)}
    if not names:
        return DataState.EMPTY
    if SYSTEM_DIRECTORY not in listing.directories:
        return DataState.STRAY
    return DataState.PRESENT if user_schemas(listing) else DataState.FRESH


def user_schemas(listing: Listing | None) -> tuple[str, ...]:
    """Return the schemas that hold tables and are not the server's own, as SQL spells them.

    An image makes an empty schema when it initialises a database (``MYSQL_DATABASE``): that is nobody's data. Where
    rows may lie in a shared tablespace, a schema without files counts all the same.
    """
    if listing is None:
        return ()
    counts_empty = _shares_tablespaces(listing)
    return tuple(
        sorted(
            decode_name(f"{name}/")[0]
            for name, has_tables in listing.directories.items()
            if _is_schema(name) and (has_tables or (counts_empty and name != "test"))
        )
    )


def described(state: DataState, schemas: Sequence[str]) -> str:
    """Return in words what lies in a data directory."""
    match state:
        case DataState.ABSENT:
            return "nothing: there is no such directory"
        case DataState.EMPTY:
            return "nothing: the directory is empty"
        case DataState.STRAY:
            return "no whole database: there is no mysql/ in it"
        case DataState.FRESH:
            return "a database without tables of its own"
        case DataState.PRESENT:
            return f"a database with {len(schemas)} schemas" if len(schemas) > 1 else f"the database {schemas[0]}"


def _shares_tablespaces(listing: Listing) -> bool:
    general = any(name.endswith(".ibd") and name != _DICTIONARY for name in listing.files)
    return general or listing.files.get(_SYSTEM_TABLESPACE, 0) > _FRESH_SYSTEM_TABLESPACE_BYTES


def _is_schema(name: str) -> bool:
    return name not in _SYSTEM_SCHEMAS and not name.startswith(("#", ".")) and _is_content(name)


def _is_content(name: str) -> bool:
    return name not in _NOT_DATA and not name.startswith(ROOM_PREFIX)
