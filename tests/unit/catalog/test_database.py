"""Transactions, durability settings, and errors in our own words."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from octeth_backupd.catalog import database as database_module
from octeth_backupd.catalog.database import catalog_error
from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.schema import meta
from octeth_backupd.errors import CatalogError
from tests.fakes.catalog_values import StandingClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.catalog.database import Database


@pytest.fixture
def database(catalog_path: Path) -> Iterator[Database]:
    opened = open_database(catalog_path, clock=StandingClock())
    yield opened
    opened.close()


def _names(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(sa.select(meta.c.name).where(meta.c.name.like("name-%")).order_by(meta.c.name)))


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000)],
)
def test_every_connection_is_set_for_durable_concurrent_use(database: Database, pragma: str, value: object) -> None:
    with database.read() as one, database.read() as another:
        answers = {connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for connection in (one, another)}

    assert answers == {value}


def test_change_is_undone_when_its_block_raises(database: Database) -> None:
    with pytest.raises(KeyError), database.write() as connection:
        connection.execute(sa.insert(meta).values(name="name-1", value=""))
        raise KeyError

    assert _names(database) == []


def test_reader_sees_one_state_while_another_thread_writes(database: Database) -> None:
    def write() -> None:
        with database.write() as connection:
            connection.execute(sa.insert(meta).values(name="name-1", value=""))

    query = sa.select(sa.func.count()).select_from(meta)
    with database.read() as reader:
        before = reader.scalar(query)
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(timeout=20)
        still = reader.scalar(query)

    assert not writer.is_alive()
    assert still == before
    assert _names(database) == ["name-1"]


def test_many_threads_may_write_and_none_is_lost(database: Database) -> None:
    def write(thread: int) -> None:
        for i in range(10):
            with database.write() as connection:
                connection.execute(sa.insert(meta).values(name=f"name-{thread}-{i}", value=""))
            _names(database)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(_names(database)) == 80


def test_more_readers_than_the_pool_holds_do_not_wait_for_each_other(database: Database) -> None:
    all_inside = threading.Barrier(30, timeout=20)

    def read() -> None:
        with database.read():
            all_inside.wait()

    threads = [threading.Thread(target=read) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert not all_inside.broken


def test_broken_reference_is_refused(database: Database) -> None:
    with pytest.raises(CatalogError, match="FOREIGN KEY"), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO manifests VALUES ('no such backup', x'00')")


def test_catalog_locked_by_another_program_is_said_and_may_be_tried_again(
    catalog_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_SECONDS", 0)
    database = open_database(catalog_path, clock=StandingClock())
    with closing(sqlite3.connect(catalog_path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")

        with pytest.raises(CatalogError, match="locked") as refused, database.write():
            pass
    database.close()

    assert refused.value.retryable


def test_damage_found_while_reading_is_a_catalog_error(catalog_path: Path) -> None:
    database = open_database(catalog_path, clock=StandingClock())
    with database.write() as connection:
        connection.execute(sa.insert(meta), [{"name": f"name-{i:05}", "value": "x" * 200} for i in range(500)])
    database.close()
    damaged = bytearray(catalog_path.read_bytes())
    damaged[4096:] = b"\xa5" * (len(damaged) - 4096)
    catalog_path.write_bytes(damaged)

    with pytest.raises(CatalogError, match="damaged"):
        _names(database)
    database.close()


@pytest.mark.parametrize(
    ("code", "message", "retryable"),
    [
        (sqlite3.SQLITE_FULL, "no space", True),
        (sqlite3.SQLITE_READONLY, "cannot be written", False),
        (sqlite3.SQLITE_CANTOPEN, "cannot be written", False),
        (sqlite3.SQLITE_IOERR_FSYNC, "fails", False),
        (sqlite3.SQLITE_CORRUPT_INDEX, "damaged", False),
    ],
)
def test_every_failure_of_the_file_says_what_to_do(tmp_path: Path, code: int, message: str, *, retryable: bool) -> None:
    error = sqlite3.OperationalError("text of SQLite")
    error.sqlite_errorcode = code

    translated = catalog_error(tmp_path / "catalog.sqlite", error)

    assert message in translated.message
    assert translated.hint
    assert translated.retryable is retryable
