"""A catalog as the first schema had it, made of the one that a daemon on a host has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.environment.systemd_host import SystemdHost

CATALOG: Final = "/var/lib/octeth-backupd/catalog.sqlite"
_PYTHON: Final = "/opt/octeth-backupd/bin/python"
# Rows are copied as far as the first schema has tables and columns for them; what its triggers make is left to them.
_PROGRAM: Final = """
import datetime, pathlib, sqlite3, sys
from octeth_backupd.catalog.migrations import MIGRATIONS
from octeth_backupd.catalog.opening import open_database

class Now:
    def now(self):
        return datetime.datetime.now(datetime.UTC)

path = pathlib.Path(sys.argv[1])
older = path.with_name("older.db")
open_database(older, clock=Now(), migrations=MIGRATIONS[:1]).close()
with sqlite3.connect(older) as connection:
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("ATTACH ? AS newer", (str(path),))
    def columns(schema, table):
        return [row[1] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")]
    for (table,) in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
        if table not in {"meta", "summaries"}:
            names = ", ".join(f'"{name}"' for name in columns("main", table) if name in columns("newer", table))
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM newer.{table}")
    connection.execute(
        "INSERT OR REPLACE INTO main.meta SELECT * FROM newer.meta WHERE name <> 'schema_version'"
    )
for companion in ("-wal", "-shm"):
    pathlib.Path(f"{path}{companion}").unlink(missing_ok=True)
connection.close()
older.replace(path)
"""
_ASK: Final = """
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchone()[0])
"""


def make_catalog_older(host: SystemdHost) -> None:
    """Give the catalog the first schema; the daemon must have stopped."""
    host.run([_PYTHON, "-", CATALOG], text=_PROGRAM)


def schema_version(host: SystemdHost) -> int:
    """Return the catalog's schema."""
    return int(host.run([_PYTHON, "-", CATALOG], text=_ASK).stdout)
