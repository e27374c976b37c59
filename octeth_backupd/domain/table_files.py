"""How tables and tablespaces are called on disk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import TablespaceKind

if TYPE_CHECKING:
    from octeth_backupd.domain.server import Tablespace

# Files that hold the rows of a table, by its engine; MEMORY, BLACKHOLE and remote engines have none.
DATA_FILE_SUFFIXES = {
    "MYISAM": (".MYD", ".MYI"),
    "ARIA": (".MAD", ".MAI"),
    "CSV": (".CSV",),
    "ARCHIVE": (".ARZ",),
    "MRG_MYISAM": (".MRG",),
}

DEFAULT_SYSTEM_FILE = "ibdata1"
_PARTITION = re.compile(r"#[Pp]#.*$")
_ENCODED = re.compile(r"@([0-9a-f]{4})")
_MYSQL_UNDO = re.compile(r"innodb_undo_?(\d+)$")


def system_file_names(innodb_data_file_path: str) -> tuple[str, ...]:
    """Return the base names of the system tablespace's files, as ``innodb_data_file_path`` lists them.

    Source:
        MySQL 8.4 manual, 17.6.3.1 "The System Tablespace": ``name:size[:autoextend[:max:size]]``, ``;`` between files.
    """
    parts = [part.partition(":")[0].strip() for part in innodb_data_file_path.split(";")]
    return tuple(part.rpartition("/")[2] for part in parts if part) or (DEFAULT_SYSTEM_FILE,)


def candidate_paths(tablespace: Tablespace) -> tuple[str, ...]:
    """Return where a tablespace's file may lie in a backup, the likeliest first; never empty.

    Engines put the file of a tablespace that lies outside the data directory where it would lie inside.
    """
    candidates = []
    path = tablespace.path.removeprefix("./")
    if path and not path.startswith(("/", "../")):
        candidates.append(path)
    if tablespace.kind is TablespaceKind.SINGLE and "/" in tablespace.name:
        candidates.append(f"{tablespace.name}.ibd")
    if path:
        candidates.append(path.rpartition("/")[2])
    if tablespace.kind is TablespaceKind.UNDO:
        candidates.extend(_undo_names(tablespace.name))
    elif not candidates:
        candidates.append(f"{tablespace.name}.ibd")
    return tuple(dict.fromkeys(candidates))


def without_partition(name: str) -> str:
    """Return ``schema/table`` of ``schema/table#P#p0``; a ``#`` in a table's own name is encoded in file names."""
    return _PARTITION.sub("", name)


def _undo_names(name: str) -> tuple[str, ...]:
    """Return file names of an implicit undo tablespace: ``innodb_undo_001`` is ``undo_001``, MariaDB's ``undo001``."""
    match = _MYSQL_UNDO.search(name)
    if match is None:
        return (f"{name}.ibu",)
    return (f"undo_{match[1]}", f"undo{match[1]}")


def decode_name(name: str) -> tuple[str, str]:
    """Return schema and table of ``schema/table`` as SQL spells them: ``@0024`` in a file name is ``$``.

    Source:
        MySQL 8.4 manual, 11.2.4 "Mapping of Identifiers to File Names".
    """
    schema, _, table = without_partition(name).partition("/")
    return _decode(schema), _decode(table)


def _decode(text: str) -> str:
    return _ENCODED.sub(lambda match: chr(int(match[1], 16)), text)
