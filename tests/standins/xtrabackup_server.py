"""What the stand-in asks of the server that it copies."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from tests.standins import xtrabackup_log as log
from tests.standins.xtrabackup_files import LogStatus, parse_log_status
from tests.standins.xtrabackup_options import Options


class BackupServer:
    """One connection to the server."""

    def __init__(self, options: Options) -> None:
        self.connection: Connection[Cursor] = _connect(options)
        self.variables = {str(name): str(value) for name, value in self.rows("SHOW GLOBAL VARIABLES")}

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def log_status(self) -> LogStatus:
        """Return LSNs and binlog position of one moment."""
        log.note("Selecting LSN and binary log position from p_s.log_status")
        local, storage_engines = self.rows("SELECT local, storage_engines FROM performance_schema.log_status")[0]
        return parse_log_status(str(local), str(storage_engines))

    @contextmanager
    def locked_for_backup(self, timeout_seconds: int) -> Iterator[None]:
        """Hold the backup lock: no DDL, all DML."""
        log.note("Executing LOCK INSTANCE FOR BACKUP ...")
        self.rows(f"SET SESSION lock_wait_timeout = {timeout_seconds}")
        self.rows("LOCK INSTANCE FOR BACKUP")
        try:
            yield
        finally:
            if self.connection.open:
                log.note("Executing UNLOCK INSTANCE")
                self.rows("UNLOCK INSTANCE")

    @contextmanager
    def other_engines_at_rest(self) -> Iterator[None]:
        """Hold the global read lock when there are tables of engines without a redo log."""
        number = self.rows(
            "SELECT COUNT(*) FROM information_schema.tables WHERE engine IN ('MyISAM', 'ARCHIVE') "
            "AND table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')"
        )[0][0]
        if not number:
            yield
            return
        log.note("Executing FLUSH TABLES WITH READ LOCK...")
        self.rows("FLUSH NO_WRITE_TO_BINLOG TABLES")
        self.rows("FLUSH TABLES WITH READ LOCK")
        try:
            yield
        finally:
            log.note("Executing UNLOCK TABLES")
            self.rows("UNLOCK TABLES")


def _connect(options: Options) -> "Connection[Cursor]":
    host, socket = options.text("host", "localhost"), options.text("socket")
    described = ["MySQL binary", f"host: {host}", f"user: {options.text('user', 'not set')}"]
    described += [f"password: {'set' if options.text('password') else 'not set'}"]
    described += [f"port: {options.text('port', 'not set')}", f"socket: {socket or 'not set'}"]
    log.note(f"Connecting to MySQL server {', '.join(described[1:])}")
    by_socket = socket or ("/var/run/mysqld/mysqld.sock" if host == "localhost" else None)
    return pymysql.connect(
        host=host,
        port=int(options.text("port", "3306")),
        unix_socket=by_socket,
        user=options.text("user", "root"),
        password=options.text("password").encode(),
        autocommit=True,
        connect_timeout=10,
    )
