"""The tables that migrations make are the tables that queries expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from octeth_backupd.catalog.migrations import MIGRATIONS
from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.schema import metadata
from tests.fakes.catalog_values import StandingClock

if TYPE_CHECKING:
    from pathlib import Path


def test_versions_count_from_one_without_a_gap() -> None:
    assert [migration.version for migration in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_migrated_file_has_exactly_the_tables_and_columns_of_the_schema(catalog_path: Path) -> None:
    database = open_database(catalog_path, clock=StandingClock())
    with database.read() as connection:
        inspector = sa.inspect(connection)
        made = {
            table: [(column["name"], column["nullable"]) for column in inspector.get_columns(table)]
            for table in inspector.get_table_names()
        }
        keys = {table: inspector.get_pk_constraint(table)["constrained_columns"] for table in made}
    database.close()

    expected = {t.name: [(c.name, bool(c.nullable)) for c in t.columns] for t in metadata.sorted_tables}
    assert {name: sorted(columns) for name, columns in made.items()} == {
        name: sorted(columns) for name, columns in expected.items()
    }
    assert keys == {t.name: [c.name for c in t.primary_key] for t in metadata.sorted_tables}
