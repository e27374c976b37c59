"""The catalog as the rest of the daemon uses it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.migrations import MIGRATIONS
from octeth_backupd.domain.backup import RunStatus
from tests.fakes.catalog_values import START, make_backup, make_run

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog


def test_creation_time_is_known(catalog: Catalog) -> None:
    assert catalog.meta("created_at") == "2026-11-22T02:00:00Z"


def test_schema_version_is_the_newest_and_only_migrations_set_it(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="migrations"):
        catalog.set_meta("schema_version", "99")

    assert catalog.schema_version == MIGRATIONS[-1].version


def test_closing_twice_is_no_error(catalog: Catalog) -> None:
    catalog.close()
    catalog.close()

    assert catalog.schema_version == MIGRATIONS[-1].version


def test_workers_write_while_clients_read(catalog: Catalog) -> None:
    failures: list[BaseException] = []

    def guarded(work: object, *arguments: object) -> None:
        try:
            work(*arguments)  # type: ignore[operator]
        except BaseException as exc:
            failures.append(exc)

    def worker(number: int) -> None:
        for i in range(8):
            run_id = f"run-{number}-{i}"
            catalog.add_run(make_run(run_id))
            catalog.update_run(run_id, status=RunStatus.SUCCESS)
            catalog.add_backup(make_backup(f"server{number}", START + timedelta(days=i)))

    def client() -> None:
        for _ in range(20):
            catalog.runs()
            catalog.backups_json()
            catalog.unfinished_runs()

    threads = [threading.Thread(target=guarded, args=(worker, number)) for number in range(3)]
    threads += [threading.Thread(target=guarded, args=(client,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    assert len(catalog.runs(status=RunStatus.SUCCESS, limit=100)) == 24
    assert len(catalog.backups()) == 24
