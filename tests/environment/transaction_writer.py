"""A client that writes to the ledger while something else happens to its server."""

import threading
import time
from contextlib import closing
from types import TracebackType
from typing import Self

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from tests.environment.sql_server import DEFAULT_DATABASE, LEDGER, SqlServer


class TransactionWriter(threading.Thread):
    """Commits transactions of two rows that sum to zero until it is stopped.

    Used as a context manager: leaving it stops the thread and raises what went wrong in it.

    Args:
        server: Must have a ledger (``fill`` and ``create_ledger`` make it).
        database: Where the ledger lies.
        pause_seconds: Between two transactions; 0 writes as fast as the server takes it.
        reconnect: Go on after a lost connection, as an application does when its server restarts.

    Attributes:
        commits: Transactions whose COMMIT the server has confirmed.
        attempts: Transactions that were begun; one more than ``commits`` for each connection that was lost.
        longest_transaction_seconds: How long the slowest confirmed transaction took; a blocked server shows here.
        reconnects: Connections that were lost and opened again.
    """

    def __init__(
        self,
        server: SqlServer,
        *,
        database: str = DEFAULT_DATABASE,
        pause_seconds: float = 0.0,
        reconnect: bool = False,
    ) -> None:
        super().__init__(name="transaction-writer", daemon=True)
        self.commits = 0
        self.attempts = 0
        self.reconnects = 0
        self.longest_transaction_seconds = 0.0
        self._server = server
        self._database = database
        self._pause_seconds = pause_seconds
        self._reconnect = reconnect
        self._stopping = threading.Event()
        self._error: Exception | None = None

    def __enter__(self) -> Self:
        self.start()
        self.wait_for_commits(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(raise_errors=error is None)

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._write_until_stopped()
            except (pymysql.err.Error, OSError, LookupError) as error:
                if not self._reconnect:
                    self._error = error
                    return
                self.reconnects += 1
                self._stopping.wait(0.05)
            except Exception as error:
                self._error = error
                return

    def wait_for_commits(self, more: int, *, timeout_seconds: float = 30.0) -> None:
        """Wait until this many further transactions are committed."""
        wanted = self.commits + more
        deadline = time.monotonic() + timeout_seconds
        while self.commits < wanted:
            if self._error is not None:
                raise self._error
            if time.monotonic() > deadline:
                raise TimeoutError(f"only {self.commits} of {wanted} commits in {timeout_seconds} s")
            time.sleep(0.005)

    def stop(self, *, raise_errors: bool = True) -> int:
        """End the thread and return the number of confirmed commits."""
        self._stopping.set()
        self.join(timeout=60)
        if self.is_alive():
            raise TimeoutError("the writer is stuck in a statement")
        if raise_errors and self._error is not None:
            raise self._error
        return self.commits

    def _write_until_stopped(self) -> None:
        with closing(self._server.connect(database=self._database, autocommit=False)) as connection:
            while not self._stopping.is_set():
                self._write_one(connection)
                if self._pause_seconds:
                    self._stopping.wait(self._pause_seconds)

    def _write_one(self, connection: "Connection[Cursor]") -> None:
        self.attempts += 1
        transfer, amount = f"{self.ident}-{self.attempts}", self.attempts % 1000 + 1
        started = time.monotonic()
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO `{LEDGER}` (transfer, amount) VALUES (%s, %s)", (transfer, amount))
            cursor.execute(f"INSERT INTO `{LEDGER}` (transfer, amount) VALUES (%s, %s)", (transfer, -amount))
        connection.commit()
        self.longest_transaction_seconds = max(self.longest_transaction_seconds, time.monotonic() - started)
        self.commits += 1
