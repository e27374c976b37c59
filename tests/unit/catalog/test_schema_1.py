"""Triggers of schema 1: history stays, summaries follow."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.opening import open_database
from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.server import ServerIdentity, Vendor
from octeth_backupd.errors import CatalogError
from tests.fakes.catalog_values import START, StandingClock, make_backup, make_run, make_slot, make_step

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog

HISTORY = ["servers", "server_identities", "runs", "steps", "backups", "manifests", "copies", "slots"]


@pytest.mark.parametrize("table", HISTORY)
def test_nothing_can_be_removed_from_history(catalog: Catalog, catalog_path: Path, table: str) -> None:
    catalog.record_server("oempro", ServerIdentity(vendor=Vendor.MYSQL, server_uuid="u"), START)
    catalog.add_run(make_run())
    catalog.add_step(make_step())
    catalog.add_backup(make_backup())
    catalog.add_slots([make_slot()])
    database = open_database(catalog_path, clock=StandingClock())

    with pytest.raises(CatalogError, match="nothing is removed from history"), database.write() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table}")
    database.close()


def test_summary_follows_every_change_of_a_backup_and_its_copies(catalog: Catalog) -> None:
    backup_id = make_backup().backup_id
    catalog.add_backup(make_backup())
    told = [json.loads(catalog.backups_json())[0]["status"]]

    catalog.set_suspect(backup_id, "half its usual size")
    told.append(json.loads(catalog.backups_json())[0]["status"])
    catalog.set_suspect(backup_id, "")
    told.append(json.loads(catalog.backups_json())[0]["status"])
    catalog.set_copy_state(backup_id, "local", CopyState.MISSING, START + timedelta(hours=1))
    told.append(json.loads(catalog.backups_json())[0]["status"])

    assert told == ["good", "suspect", "good", "missing"]


def test_there_is_one_summary_a_backup_however_often_it_changed(catalog: Catalog) -> None:
    for days in range(3):
        backup = make_backup(taken_at=START + timedelta(days=days))
        catalog.add_backup(backup)
        catalog.set_copy_state(backup.backup_id, "local", CopyState.CORRUPT, START)

    assert len(json.loads(catalog.backups_json())) == 3
