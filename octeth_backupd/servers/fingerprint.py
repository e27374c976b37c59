"""A coarse picture of the databases that are looked at: how many tables, about how many rows.

Restore, rehearsal and drill compare what they find with it. Row counts are InnoDB's estimates: an order of magnitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.servers.session import Session

_SCHEMA = """
    SELECT COUNT(*) AS TABLES, COALESCE(SUM(TABLE_ROWS), 0) AS ROW_ESTIMATE FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = %s AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSize:
    """How large a schema is."""

    tables: int
    approximate_rows: int


def read_fingerprint(session: Session, schemas: Iterable[str]) -> dict[str, SchemaSize]:
    """Return schema → size; a schema that does not exist, or that the account may not see, has no tables.

    Raises:
        ServerError: The server cannot be asked.
    """
    found = {}
    for schema in schemas:
        [row] = session.rows(_SCHEMA, (schema,))
        found[schema] = SchemaSize(tables=int(row["TABLES"]), approximate_rows=int(row["ROW_ESTIMATE"]))
    return found
