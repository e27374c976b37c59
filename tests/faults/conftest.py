"""A small plain server for a whole module, and daemons beside it whose engine can be replaced."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.environment.daemon import Daemon
from tests.environment.plain_mariadb import PlainMariaDb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.environment.sql_server import SqlServer

PASSWORD = "zwölf 'Boxkämpfer' \\ jagen"


class MakeDaemon(Protocol):
    """Makes daemons that are not started yet and are stopped at the end of the test."""

    def __call__(
        self,
        *,
        server: Mapping[str, Any] | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Daemon:
        """Return one; programs in its ``bin`` directory beside it come first."""


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainMariaDb]:
    """Yield a server with tables, restarted so that their CREATE is no longer in the redo log."""
    with PlainMariaDb(directory=tmp_path_factory.mktemp("server"), binlog=True, root_password=PASSWORD) as server:
        server.fill(5_000_000)
        server.restart()
        yield server


def write_password(server: SqlServer, directory: Path) -> Path:
    """Write a server's password where a daemon may read it."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "root.password"
    path.write_text(server.login().password + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


def plain_table(server: PlainMariaDb, directory: Path) -> dict[str, Any]:
    """Return the configuration of a plain server."""
    return {"socket": str(server.socket), "password_file": str(write_password(server, directory))}


def programs_of(daemon: Daemon) -> Path:
    """Return the directory that this daemon searches first for programs."""
    return daemon.directory.parent / "bin"


@pytest.fixture
def make_daemon(plain_server: PlainMariaDb, tmp_path: Path) -> Iterator[MakeDaemon]:
    made: list[Daemon] = []

    def make(
        *,
        server: Mapping[str, Any] | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Daemon:
        daemon = Daemon(
            directory=tmp_path / "daemon",
            servers={"oempro": server or plain_table(plain_server, tmp_path)},
            sections=sections or {},
            environment=environment or {},
            path_first=[tmp_path / "bin"],
        )
        made.append(daemon)
        return daemon

    yield make
    for daemon in made:
        if daemon.is_running():
            daemon.stop()


@pytest.fixture(scope="session")
def due_schedule() -> dict[str, str]:
    """Return schedules with a slot that was due two hours ago; the next ones are most of a day away."""
    due = datetime.now(UTC) - timedelta(hours=2)
    return {"daily": f"{due.minute} {due.hour} * * *", "timezone": "UTC"}


@pytest.fixture(scope="session")
def state_with_a_due_slot(tmp_path_factory: pytest.TempPathFactory, due_schedule: dict[str, str]) -> Path:
    """Return a catalog of a daemon that has known the schedule for three hours and was down when the slot came."""
    directory = tmp_path_factory.mktemp("due")
    table = {"socket": str(directory / "nobody"), "password": "unused"}
    with Daemon(
        directory=directory / "daemon", servers={"oempro": table}, sections={"schedules": due_schedule}
    ) as once:
        state = once.state_directory
    with closing(sqlite3.connect(state / "catalog.sqlite")) as catalog, catalog:
        since = (datetime.now(UTC) - timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert catalog.execute("UPDATE schedule_states SET known_since = ?", (since,)).rowcount == 1
    return state / "catalog.sqlite"


@pytest.fixture
def make_due_daemon(make_daemon: MakeDaemon, state_with_a_due_slot: Path, due_schedule: dict[str, str]) -> MakeDaemon:
    """Make daemons that begin with a run of their own accord, as after downtime."""

    def make(
        *,
        server: Mapping[str, Any] | None = None,
        sections: Mapping[str, Mapping[str, Any]] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Daemon:
        daemon = make_daemon(
            server=server, sections={"schedules": due_schedule, **(sections or {})}, environment=environment
        )
        daemon.state_directory.mkdir(mode=0o700)
        shutil.copy2(state_with_a_due_slot, daemon.state_directory / "catalog.sqlite")
        return daemon

    return make
