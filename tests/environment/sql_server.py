"""What every server of the tests can do, wherever it runs: SQL, data, checksums, a ledger that shows torn states."""

import time
from abc import ABC, abstractmethod
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

DEFAULT_DATABASE: Final = "oempro"
DEFAULT_PASSWORD: Final = 'root\'s "secret" #1\\end'
"""Holds what must be quoted in option files, shells and SQL."""
LEDGER: Final = "ledger"
SYSTEM_SCHEMAS: Final = ("information_schema", "mysql", "performance_schema", "sys")

_POLL_SECONDS: Final = 0.05
_ROWS_PER_INSERT: Final = 100_000
_BYTES_PER_ROW: Final = 2000
"""What one row of ``fill`` takes in a small table: about 1,300, the rest is how InnoDB extends files."""


class ServerNotReadyError(Exception):
    """The server did not take a login in time, or ended; the message carries the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Where a server listens and who logs in; a socket beats an address."""

    user: str = "root"
    password: str = ""
    address: str = ""
    port: int = 3306
    socket: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerState:
    """What the ledger table says; every transaction adds two rows that sum to zero."""

    rows: int
    balance: int

    @property
    def is_whole(self) -> bool:
        """Tell that no transaction is there in part."""
        return self.rows % 2 == 0 and self.balance == 0


class SqlServer(ABC):
    """A server that takes SQL. Every statement opens a connection of its own, so a restart in between is fine."""

    @abstractmethod
    def login(self) -> Login:
        """Return how to reach the server now; after a restart the answer may differ."""

    @abstractmethod
    def is_running(self) -> bool:
        """Tell whether the server's process runs."""

    @abstractmethod
    def server_log(self) -> str:
        """Return what the server has logged."""

    def connect(self, *, database: str | None = None, autocommit: bool = True) -> "Connection[Cursor]":
        """Open a connection as root; the caller closes it."""
        login = self.login()
        return pymysql.connect(
            host=login.address or "localhost",
            port=login.port,
            unix_socket=login.socket,
            user=login.user,
            password=login.password.encode(),  # a str would be sent as latin-1
            database=database,
            autocommit=autocommit,
            connect_timeout=5,
            charset="utf8mb4",
        )

    def sql(self, statement: str, *, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with closing(self.connect(database=database)) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def scalar(self, statement: str, *, database: str | None = None) -> Any:
        """Run one statement and return the first column of its first row."""
        return self.sql(statement, database=database)[0][0]

    def wait_until_ready(self, timeout_seconds: float = 60.0) -> None:
        """Wait until a real login works.

        Raises:
            ServerNotReadyError: It took longer, or the server ended.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            try:
                self.sql("SELECT 1")
            except (pymysql.err.Error, OSError, LookupError) as error:
                if not self.is_running():
                    raise ServerNotReadyError(f"the server has ended: {self._log_end()}") from error
                if time.monotonic() > deadline:
                    raise ServerNotReadyError(f"no login in {timeout_seconds} s: {error}: {self._log_end()}") from error
                time.sleep(_POLL_SECONDS)
            else:
                return

    def fill(self, size_bytes: int = 30_000_000, *, database: str = DEFAULT_DATABASE, tables: int = 3) -> None:
        """Make InnoDB tables of about this size together, and an empty ledger.

        Args:
            size_bytes: Bytes on disk of all tables together, roughly: large tables come out a third smaller.
            database: Made when it is absent.
            tables: How many tables share the size: ``subscribers_1`` and so on.
        """
        self.sql(f"CREATE DATABASE IF NOT EXISTS `{database}`")
        rows_per_table = max(1, size_bytes // tables // _BYTES_PER_ROW)
        for number in range(1, tables + 1):
            self._fill_table(f"`{database}`.`subscribers_{number}`", rows_per_table)
        self.create_ledger(database=database)

    def create_ledger(self, *, database: str = DEFAULT_DATABASE) -> None:
        """Make the ledger table, empty, unless it is there."""
        self.sql(f"CREATE DATABASE IF NOT EXISTS `{database}`")
        self.sql(
            f"CREATE TABLE IF NOT EXISTS `{database}`.`{LEDGER}` ("
            "id BIGINT AUTO_INCREMENT PRIMARY KEY, transfer VARCHAR(64) NOT NULL, amount BIGINT NOT NULL"
            ") ENGINE=InnoDB"
        )

    def ledger_state(self, *, database: str = DEFAULT_DATABASE) -> LedgerState:
        """Return number and sum of the ledger's rows."""
        rows, balance = self.sql(f"SELECT COUNT(*), COALESCE(SUM(amount), 0) FROM `{database}`.`{LEDGER}`")[0]
        return LedgerState(rows=int(rows), balance=int(balance))

    def user_tables(self) -> list[tuple[str, str]]:
        """Return (schema, table) of all base tables outside the system schemas, sorted."""
        excluded = ", ".join(f"'{schema}'" for schema in SYSTEM_SCHEMAS)
        rows = self.sql(
            "SELECT table_schema, table_name FROM information_schema.tables "
            f"WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ({excluded}) ORDER BY 1, 2"
        )
        return [(str(schema), str(table)) for schema, table in rows]

    def checksum_tables(self, *, exclude: Collection[str] = ()) -> dict[str, int]:
        """Return the checksum over all rows of each user table, by ``schema.table``.

        Args:
            exclude: Names of tables to leave out, such as ``LEDGER`` while somebody writes to it.
        """
        tables = [(schema, table) for schema, table in self.user_tables() if table not in exclude]
        if not tables:
            return {}
        names = ", ".join(f"`{schema}`.`{table}`" for schema, table in tables)
        return {str(name): int(checksum) for name, checksum in self.sql(f"CHECKSUM TABLE {names} EXTENDED")}

    def _fill_table(self, name: str, wanted_rows: int) -> None:
        columns = "(email, subscribed, properties)"
        new_row = (
            "CONCAT(SHA2(RAND(), 224), '@example.com'), NOW(), CONCAT(SHA2(RAND(), 512), REPEAT(SHA2(RAND(), 512), 6))"
        )
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TABLE {name} (id BIGINT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(100) NOT NULL, "
                "subscribed DATETIME NOT NULL, properties VARCHAR(1000) NOT NULL, KEY (email)) ENGINE=InnoDB"
            )
            cursor.execute(f"INSERT INTO {name} {columns} SELECT {new_row}")
            rows = 1
            while rows < wanted_rows:
                more = min(rows, wanted_rows - rows, _ROWS_PER_INSERT)
                cursor.execute(f"INSERT INTO {name} {columns} SELECT {new_row} FROM {name} LIMIT {more}")
                rows += more

    def _log_end(self) -> str:
        return self.server_log()[-3000:]
