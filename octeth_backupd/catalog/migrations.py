"""How the catalog's tables came to be, release by release.

Each migration is plain SQL and final once released: a change is a new migration at the end. All missing ones run in one
transaction, after a copy of the file was put beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from octeth_backupd.catalog import schema_1, schema_2, schema_3


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One step from a version of the schema to the next.

    Attributes:
        version: The schema's version afterwards; the first is 1.
        statements: One SQL statement each, run in order, foreign keys not enforced until the end.
    """

    version: int
    statements: tuple[str, ...]


MIGRATIONS: tuple[Migration, ...] = (
    Migration(version=1, statements=schema_1.STATEMENTS),
    Migration(version=2, statements=schema_2.STATEMENTS),
    Migration(version=3, statements=schema_3.STATEMENTS),
)
"""Every migration there is, in order."""
