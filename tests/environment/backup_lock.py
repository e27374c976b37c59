"""Holding MariaDB's backup lock, so that a real mariadb-backup waits as long as a test wants."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.environment.daemon import Daemon
    from tests.environment.sql_server import SqlServer

_WAIT_SECONDS = 60.0
_WAITING = "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'BACKUP STAGE START%'"


@contextmanager
def backup_lock(server: SqlServer) -> Iterator[Callable[[Daemon], None]]:
    """Hold the lock within a block.

    Yields:
        A function that returns when the engine of a daemon's run waits for the lock.

    Source:
        MariaDB's documentation of BACKUP STAGE: only one connection can hold it; the next waits.
    """

    def wait_until_engine_waits(daemon: Daemon) -> None:
        limit = time.monotonic() + _WAIT_SECONDS
        while not server.sql(_WAITING):
            newest = next(iter(daemon.runs()), None)
            has_ended = newest is not None and newest["status"] not in {"queued", "running"}
            if has_ended or time.monotonic() > limit:
                raise AssertionError(f"no engine waits:\n{daemon.log()[-4000:]}")
            time.sleep(0.1)

    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("BACKUP STAGE START")
        yield wait_until_engine_waits
