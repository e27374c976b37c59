"""Tables of other engines than InnoDB: which there are, and what their files are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.server import EngineTable
from octeth_backupd.servers.file_names import file_name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.servers.session import Session

# SYSTEM VERSIONED tables exist in MariaDB only; views, sequences and temporary tables have types of their own.
_REAL_TABLES = """
    TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
    AND TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema') AND ENGINE IS NOT NULL
"""
_OTHER_TABLES = f"""
    SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, CREATE_OPTIONS FROM information_schema.TABLES
    WHERE {_REAL_TABLES} AND ENGINE <> 'InnoDB' ORDER BY TABLE_SCHEMA, TABLE_NAME
"""
_ENGINE_COUNTS = f"""
    SELECT ENGINE, COUNT(*) AS NUMBER FROM information_schema.TABLES WHERE {_REAL_TABLES} GROUP BY ENGINE
"""
_SCHEMAS = "SELECT SCHEMA_NAME AS SCHEMA_NAME FROM information_schema.SCHEMATA"
_TABLE_COUNTS = f"""
    SELECT TABLE_SCHEMA, COUNT(*) AS NUMBER FROM information_schema.TABLES WHERE {_REAL_TABLES} GROUP BY TABLE_SCHEMA
"""
_PARTITIONS = """
    SELECT PARTITION_NAME, SUBPARTITION_NAME FROM information_schema.PARTITIONS
    WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND PARTITION_NAME IS NOT NULL
    ORDER BY PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION
"""


def read_other_tables(session: Session) -> tuple[EngineTable, ...]:
    """Return the tables of other engines than InnoDB, one entry for each partition of a partitioned one.

    ``file_stem`` is ``schema/table`` encoded as the files are, without extension. An account sees only tables that it
    has some privilege on.
    """
    found: list[EngineTable] = []
    for row in session.rows(_OTHER_TABLES):
        partitions: Iterable[dict[str, Any]] = ()
        if "partitioned" in str(row["CREATE_OPTIONS"] or "").lower():
            partitions = session.rows(_PARTITIONS, (row["TABLE_SCHEMA"], row["TABLE_NAME"]))
        suffixes = [_partition_suffix(partition) for partition in partitions] or [""]
        schema, table = str(row["TABLE_SCHEMA"]), str(row["TABLE_NAME"])
        stem = f"{file_name_of(schema)}/{file_name_of(table)}"
        found += [
            EngineTable(schema=schema, table=table, engine=str(row["ENGINE"]), file_stem=f"{stem}{suffix}")
            for suffix in suffixes
        ]
    return tuple(found)


def read_engine_counts(session: Session) -> dict[str, int]:
    """Return engine → number of tables, InnoDB included, the servers' own schemas in memory not."""
    return {str(row["ENGINE"]): int(row["NUMBER"]) for row in session.rows(_ENGINE_COUNTS)}


def count_tables(session: Session) -> dict[str, int]:
    """Return schema → number of tables that can be opened, views not counted; a schema may have none."""
    empty = dict.fromkeys((str(row["SCHEMA_NAME"]) for row in session.rows(_SCHEMAS)), 0)
    return empty | {str(row["TABLE_SCHEMA"]): int(row["NUMBER"]) for row in session.rows(_TABLE_COUNTS)}


def _partition_suffix(partition: dict[str, Any]) -> str:
    suffix = f"#P#{file_name_of(str(partition['PARTITION_NAME']))}"
    if partition["SUBPARTITION_NAME"]:
        suffix += f"#SP#{file_name_of(str(partition['SUBPARTITION_NAME']))}"
    return suffix
