"""The tables that migrations make are the tables that queries expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from octeth_backupd.catalog.migrations import MIGRATIONS
from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.schema import metadata
from octeth_backupd.errors import CatalogError
from tests.fakes.catalog_values import StandingClock, make_backup, make_run, make_slot, make_step

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog

HISTORY = ["servers", "server_identities", "runs", "steps", "backups", "manifests", "copies", "slots"]


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


@pytest.mark.parametrize("table", HISTORY)
def test_nothing_can_be_removed_from_history(catalog: Catalog, catalog_path: Path, table: str) -> None:
    from octeth_backupd.domain.server import ServerIdentity, Vendor

    catalog.record_server("oempro", ServerIdentity(vendor=Vendor.MYSQL, server_uuid="u"), StandingClock().now())
    catalog.add_run(make_run())
    catalog.add_step(make_step())
    catalog.add_backup(make_backup())
    catalog.add_slots([make_slot()])
    database = open_database(catalog_path, clock=StandingClock())

    with pytest.raises(CatalogError, match="nothing is removed from history"), database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
    database.close()
