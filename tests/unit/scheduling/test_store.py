"""The scheduler's file: private, and made anew when it is damaged."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from octeth_backupd.errors import CatalogError
from octeth_backupd.scheduling import store as module
from octeth_backupd.scheduling.store import open_store
from tests.unit.scheduling.builders import NOON

if TYPE_CHECKING:
    from pathlib import Path


def opened(path: Path) -> None:
    open_store(path, now=NOON).shutdown()


def test_file_is_private_and_in_wal_mode(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.sqlite"

    opened(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_file_that_others_could_read_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.sqlite"
    opened(path)
    path.chmod(0o644)

    opened(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_connections_wait_for_a_lock(tmp_path: Path) -> None:
    store = open_store(tmp_path / "scheduler.sqlite", now=NOON)

    with store.engine.connect() as connection:
        waits_milliseconds = connection.execute(sa.text("PRAGMA busy_timeout")).scalar()

    store.shutdown()
    assert waits_milliseconds == module.BUSY_TIMEOUT_SECONDS * 1000


@pytest.mark.parametrize("content", [b"not a database, but text" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_damaged_file_is_moved_aside_and_made_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "scheduler.sqlite"
    path.write_bytes(content)

    opened(path)

    aside = tmp_path / "scheduler.sqlite.damaged-2026-10-25_12-00-00"
    assert aside.read_bytes() == content
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM apscheduler_jobs").fetchone() == (0,)


def test_file_damaged_in_the_middle_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE apscheduler_jobs (id TEXT PRIMARY KEY, next_run_time FLOAT, job_state BLOB)")
        connection.executemany(
            "INSERT INTO apscheduler_jobs VALUES (?, ?, ?)",
            [(f"entry-{number}", 1.0, b"x" * 3000) for number in range(50)],
        )
        connection.commit()
    content = bytearray(path.read_bytes())
    content[8192:40960] = b"\xa5" * 32768
    path.write_bytes(bytes(content))

    opened(path)

    assert len(list(tmp_path.glob("scheduler.sqlite.damaged-*"))) == 1


def test_file_with_tables_of_something_else_is_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE apscheduler_jobs (something TEXT)")

    opened(path)

    assert len(list(tmp_path.glob("scheduler.sqlite.damaged-*"))) == 1


def test_locked_file_is_no_damaged_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_SECONDS", 0)
    path = tmp_path / "scheduler.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")

        with pytest.raises(CatalogError, match="locked") as caught:
            opened(path)

    assert caught.value.retryable
    assert list(tmp_path.glob("*.damaged-*")) == []


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file") as caught:
        opened(tmp_path / "absent" / "scheduler.sqlite")

    assert str(tmp_path / "absent") in caught.value.hint
