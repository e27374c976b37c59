"""Access to the catalog's SQLite file: short transactions from any thread, errors in our own words.

Source:
    SQLite documentation, "Write-Ahead Logging" and "PRAGMA synchronous"; SQLAlchemy documentation, "SQLite", on
    transactions with the sqlite3 driver (who begins one).
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from octeth_backupd.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_TIMEOUT_SECONDS = 30
_WRITES = "catalog_writes"
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Database:
    """One SQLite file, open. Reads run beside each other and beside a write; writes wait for each other.

    Attributes:
        changes: How many changes were tried since it was opened: as long as it stays the same, so does the content.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changes = 0
        self._engine = _engine(path)
        self._writers = self._engine.execution_options(**{_WRITES: True})
        self._write_lock = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Give a connection that sees one state of the catalog for the length of the block.

        Raises:
            CatalogError: The file is damaged or cannot be read.
        """
        with translated(self.path), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Give a connection for one change, durable when the block has ended, undone when it raises.

        Raises:
            CatalogError: The change was refused, the file is damaged, locked or cannot be written.
        """
        # SQLite lets waiting writers sleep and try again; within this process a lock wakes them in turn instead.
        with self._write_lock:
            try:
                with translated(self.path), self._writers.begin() as connection:
                    yield connection
            finally:
                self.changes += 1

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log back into the file."""
        self._engine.dispose()


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        max_overflow=-1,
        hide_parameters=True,
    )
    sa.event.listen(engine, "connect", _prepare_connection)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare_connection(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    for pragma in (
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",  # WAL's usual NORMAL may lose the last commits in a power cut
        "PRAGMA foreign_keys = ON",
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
    ):
        connection.execute(pragma)


def _begin(connection: sa.Connection) -> None:
    # A transaction that reads first and writes later can be refused half-way; IMMEDIATE waits for its turn at once.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite and its driver into CatalogError."""
    try:
        yield
    except IntegrityError as exc:
        raise CatalogError(f"the catalog refuses a change: {exc.orig}") from exc
    except DBAPIError as exc:
        raise catalog_error(path, exc.orig) from exc
    except sqlite3.Error as exc:
        raise catalog_error(path, exc) from exc


def damaged(path: Path, reason: str) -> CatalogError:
    """Return the error for a file that cannot be the catalog it should be."""
    return CatalogError(
        f"the catalog {path} is damaged: {reason}",
        hint=(
            f"The backups themselves are not touched. Stop the daemon, move {path} and, where they exist, {path}-wal "
            f"and {path}-shm to another place, start it again with an empty catalog, and let it learn of each backup "
            "from the manifests beside the archives: octeth-backupctl sync"
        ),
    )


def catalog_error(path: Path, error: BaseException | None) -> CatalogError:
    """Return our error for one of SQLite's."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in _DAMAGED:
        return damaged(path, str(error))
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return CatalogError(
                f"the catalog {path} is locked by another program",
                hint="Close other programs that have it open, such as a sqlite3 shell in a transaction.",
                retryable=True,
            )
        case sqlite3.SQLITE_FULL:
            return CatalogError(
                f"no space to write the catalog {path}",
                hint=f"Free space on the file system of {path.parent}.",
                retryable=True,
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return CatalogError(
                f"the catalog {path} cannot be written: {error}",
                hint=f"See that {path.parent} is there, mounted read-write and owned by the user of the daemon.",
            )
        case _:
            return CatalogError(
                f"the catalog {path} fails: {error}", hint="Look at the journal of the kernel for I/O errors."
            )
