"""Schema 2: an older catalog is brought up to date whole; history stays, summaries follow pins."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.migrations import MIGRATIONS
from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.errors import CatalogError
from tests.fakes.catalog_values import START, StandingClock, make_backup

if TYPE_CHECKING:
    from pathlib import Path


def _catalog_of_schema_1(path: Path) -> None:
    open_database(path, clock=StandingClock(), migrations=MIGRATIONS[:1]).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO backups VALUES ('b1', 'oempro', '2026-11-22T02:00:00.000000Z', '2026-11-22T02:03:00.000000Z',"
            " 'daily', '[\"daily\"]', 'schedule', 'prepared', 'r1', 'i1', 'a.tar.zst', 'ab', 1, 2, 'mysql', '8.0.36',"
            " 'xtrabackup', '8.0.35', 3, 4, '')"
        )
        connection.execute(
            "INSERT INTO copies VALUES ('b1', 'local', 'oempro/daily/a.tar.zst', 'present', 2,"
            " '2026-11-22T02:03:00.000000Z', NULL, 'seen')"
        )


def test_backups_of_schema_1_are_listed_with_the_new_keys(catalog_path: Path) -> None:
    _catalog_of_schema_1(catalog_path)

    catalog = Catalog.open(catalog_path, clock=StandingClock())
    [summary] = json.loads(catalog.backups_json())
    catalog.close()

    assert (summary["origin"], summary["pinned"], summary["copies"][0]["detail"]) == ("", False, "seen")


def test_summary_follows_pins(catalog: Catalog) -> None:
    backup_id = make_backup().backup_id
    catalog.add_backup(make_backup())

    catalog.holdings.pin(backup_id, note="before the upgrade", by="uid 0", at=START)
    pinned = json.loads(catalog.backups_json())[0]["pinned"]
    catalog.holdings.unpin(backup_id, by="uid 0", at=START)

    assert (pinned, json.loads(catalog.backups_json())[0]["pinned"]) == (True, False)


@pytest.mark.parametrize("table", ["pins", "holds", "accepts", "proofs", "adopted_installations"])
def test_nothing_that_was_said_of_backups_can_be_removed(catalog: Catalog, catalog_path: Path, table: str) -> None:
    backup_id = make_backup().backup_id
    catalog.add_backup(make_backup())
    catalog.holdings.pin(backup_id, note="", by="uid 0", at=START)
    catalog.holdings.begin_hold("oempro", reason="r", backup_id="", protected=(), at=START)
    catalog.holdings.accept(backup_id, note="", by="uid 0", at=START)
    catalog.holdings.add_proof(Proof(backup_id=backup_id, level=ProofLevel.PREPARED, storage="", proven_at=START))
    catalog.installations.adopt("other", by="uid 0", at=START)
    database = open_database(catalog_path, clock=StandingClock())

    with pytest.raises(CatalogError, match="nothing is removed from history"), database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
    database.close()


def test_a_file_is_of_one_backup_until_that_is_deleted(catalog: Catalog) -> None:
    first, second = make_backup(), make_backup(server="shop", copies={})
    catalog.add_backup(first)
    catalog.add_backup(second)
    copy = replace(first.copies[0], backup_id=second.backup_id)

    with pytest.raises(CatalogError):
        catalog.add_copy(copy)

    catalog.set_copy_state(first.backup_id, "local", CopyState.DELETED, at=START)
    catalog.add_copy(copy)
    assert catalog.backup(second.backup_id).copies == (copy,)
