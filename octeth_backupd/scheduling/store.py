"""The scheduler's own SQLite file.

It holds when each entry fires next. All that matters beyond that is in the catalog, so a damaged file is moved aside
and made anew from the configuration.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from sqlalchemy.exc import SQLAlchemyError

from octeth_backupd.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

BUSY_TIMEOUT_SECONDS = 10
_COMPANIONS = ("-wal", "-shm", "-journal")
_UNUSABLE = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_SCHEMA})
_log = structlog.get_logger("scheduler")


def open_store(path: Path, *, now: datetime) -> SQLAlchemyJobStore:
    """Return the job store, readable and writable for nobody but the daemon's user.

    Args:
        path: Where the file is or shall be.
        now: The current time, for the name of a damaged file that is moved aside.

    Raises:
        CatalogError: The file cannot be opened, and not because it is damaged.
    """
    with translated(path):
        try:
            return _open(path)
        except SQLAlchemyError as exc:
            if _code(exc) not in _UNUSABLE:
                raise
            aside = _move_aside(path, now)
            _log.warning(
                "scheduler.store_damaged",
                path=str(path),
                moved_to=str(aside),
                error=str(getattr(exc, "orig", exc)),
                hint="The entries are made anew from the configuration; what is due is known from the catalog.",
            )
            return _open(path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn the errors of the store's file into CatalogError."""
    try:
        yield
    except SQLAlchemyError as exc:
        busy = _code(exc) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
        raise CatalogError(
            f"the scheduler's file {path} cannot be used: {getattr(exc, 'orig', exc)}",
            hint=(
                "Close other programs that have it open, such as a sqlite3 shell."
                if busy
                else f"See that {path.parent} is mounted read-write, has space and belongs to the user of the daemon."
            ),
            retryable=busy,
        ) from exc
    except OSError as exc:
        raise CatalogError(
            f"the scheduler's file {path} cannot be used: {exc.strerror}",
            hint=f"See that {path.parent} is mounted read-write, has space and belongs to the user of the daemon.",
        ) from exc


def _open(path: Path) -> SQLAlchemyJobStore:
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    sa.event.listen(engine, "connect", _prepare_connection)
    store = SQLAlchemyJobStore(engine=engine)
    try:
        with engine.begin() as connection:
            if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
                raise sa.exc.DatabaseError("PRAGMA quick_check", None, _corruption())
            store.jobs_t.create(connection, checkfirst=True)
            connection.execute(sa.select(store.jobs_t)).all()
    except SQLAlchemyError:
        engine.dispose()
        raise
    return store


def _prepare_connection(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in (
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = NORMAL",  # losing the last commits in a power cut only makes an entry fire once more
    ):
        connection.execute(pragma)


def _corruption() -> sqlite3.DatabaseError:
    error = sqlite3.DatabaseError("quick_check found errors")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    return error


def _code(error: SQLAlchemyError) -> int:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else -1


def _move_aside(path: Path, now: datetime) -> Path:
    aside = path.with_name(f"{path.name}.damaged-{now:%Y-%m-%d_%H-%M-%S}")
    for companion in ("", *_COMPANIONS):
        source = path.with_name(path.name + companion)
        if source.exists():
            source.rename(aside.with_name(aside.name + companion))
    return aside
