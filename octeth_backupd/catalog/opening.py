"""Open the catalog: make it when there is none, check it, bring an older one up to date, refuse any other."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.catalog.database import BUSY_TIMEOUT_SECONDS, Database, damaged, translated
from octeth_backupd.catalog.migrations import MIGRATIONS
from octeth_backupd.domain.timestamps import utc_text
from octeth_backupd.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.catalog.migrations import Migration
    from octeth_backupd.domain.clock import Clock

SCHEMA_VERSION = "schema_version"
CREATED_AT = "created_at"
_COMPANIONS = ("-wal", "-shm", "-journal")


def open_database(path: Path, *, clock: Clock, migrations: Sequence[Migration] = MIGRATIONS) -> Database:
    """Open the catalog's file, checked and up to date.

    Args:
        path: The file; its directory exists. One that is not there is made, mode 0600.
        clock: Dates the file.
        migrations: All that this release knows.

    Raises:
        CatalogError: The file is damaged, no catalog, of a newer release, or cannot be written. It is left as it is.
    """
    with translated(path):
        try:
            if os.path.lexists(path):
                _check(path)
            else:
                _create(path, clock=clock, migrations=migrations)
            path.chmod(0o600)
            _update(path, migrations)
        except OSError as exc:
            raise CatalogError(
                f"the catalog {path} cannot be opened: {exc.strerror}",
                hint=f"See that {path.parent} is there, mounted read-write and owned by the user of the daemon.",
            ) from exc
    return Database(path)


def _check(path: Path) -> None:
    if path.stat().st_size == 0:
        raise damaged(path, "it is empty")
    with closing(_connect(path)) as connection:
        answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if answer != "ok":
            raise damaged(path, answer)
        if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").fetchone() is None:
            raise CatalogError(
                f"{path} is a database, but not a catalog of octeth-backupd",
                hint="Move it to another place or name another state directory.",
            )


def _create(path: Path, *, clock: Clock, migrations: Sequence[Migration]) -> None:
    """Make a new catalog under another name, whole, then give it its own: a kill never leaves an empty one."""
    for companion in _COMPANIONS:
        if os.path.lexists(f"{path}{companion}"):
            raise CatalogError(
                f"the catalog {path} is missing, but its {path.name}{companion} is there",
                hint=f"Put {path} back, or move {path}{companion} to another place to start with an empty catalog.",
            )
    partial = path.with_name(f".{path.name}.partial")
    for leftover in ("", *_COMPANIONS):
        Path(f"{partial}{leftover}").unlink(missing_ok=True)
    _touch_private(partial)
    with closing(_connect(partial)) as connection:
        _apply(connection, partial, migrations)
        connection.execute("INSERT INTO meta (name, value) VALUES (?, ?)", (CREATED_AT, utc_text(clock.now())))
    _sync(partial, os.O_RDWR)
    partial.rename(path)
    _sync(path.parent, os.O_DIRECTORY)


def _update(path: Path, migrations: Sequence[Migration]) -> None:
    newest = migrations[-1].version
    with closing(_connect(path)) as connection:
        version = _version(connection, path)
        if version > newest:
            raise CatalogError(
                f"the catalog {path} is from a newer release: its schema is {version}, this release knows {newest}",
                hint=f"Install that release again, or use the copy that it made before: {path}.schema-{newest}.",
            )
        if version < newest:
            _keep_copy(connection, path, version)
            _apply(connection, path, [migration for migration in migrations if migration.version > version])


def _version(connection: sqlite3.Connection, path: Path) -> int:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (SCHEMA_VERSION,)).fetchone()
    if row is None or not str(row[0]).isdecimal():
        raise damaged(path, "it does not say which schema it has")
    return int(row[0])


def _apply(connection: sqlite3.Connection, path: Path, migrations: Sequence[Migration]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for migration in migrations:
            for statement in migration.statements:
                connection.execute(statement)
        _check_references(connection, path)
        connection.execute(
            "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (SCHEMA_VERSION, str(migrations[-1].version)),
        )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _check_references(connection: sqlite3.Connection, path: Path) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise damaged(path, f"a row of {broken[0]} belongs to nothing in {broken[2]}")


def _keep_copy(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Put a copy of the file as it was beside it, whole, in place of one that an earlier attempt made."""
    copy = path.with_name(f"{path.name}.schema-{version}")
    partial = copy.with_name(f".{copy.name}.partial")
    partial.unlink(missing_ok=True)
    _touch_private(partial)
    connection.execute("VACUUM INTO ?", (str(partial),))
    _sync(partial, os.O_RDWR)
    partial.replace(copy)
    _sync(path.parent, os.O_DIRECTORY)


def _connect(path: Path) -> sqlite3.Connection:
    """Connect for checks and migrations: no transaction unless begun, foreign keys not enforced."""
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _touch_private(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
