"""A server, a daemon and known contents: what tests of whole restores begin with."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.environment.daemon import Daemon
from tests.environment.database_containers import MariaDbContainer, MySqlContainer, unique_name
from tests.environment.standin import install_standin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Literal

    from tests.environment.daemon import CtlResult
    from tests.environment.database_containers import DatabaseContainer
    from tests.environment.docker_engine import DockerEngine
    from tests.environment.sql_server import SqlServer

SERVER_NAME = "oempro"
GTID_ARGUMENTS = ("--gtid-mode=ON", "--enforce-gtid-consistency=ON")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a server holds, as far as a restore must bring it back.

    Attributes:
        tables: ``schema.table`` → digest.
        gtid: ``gtid_executed``; empty on MariaDB.
    """

    tables: Mapping[str, int]
    gtid: str


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A server with some data under a daemon that can back it up and restore it, wherever both run."""

    server: SqlServer
    daemon: Daemon

    @property
    def is_mysql(self) -> bool:
        """Whether the server has GTIDs as MySQL has them."""
        return isinstance(self.server, MySqlContainer)

    def contents(self) -> Contents:
        """Return what the server holds now."""
        gtid = str(self.server.scalar("SELECT @@GLOBAL.gtid_executed")).replace("\n", "") if self.is_mysql else ""
        return Contents(tables=self.server.checksum_tables(), gtid=gtid)

    def change(self, mark: int) -> None:
        """Write something that no other mark writes: rows, a new table, and one table less."""
        self.server.sql("CREATE TABLE IF NOT EXISTS oempro.marks (mark BIGINT PRIMARY KEY, text VARCHAR(200))")
        self.server.sql(f"REPLACE INTO oempro.marks VALUES ({mark}, REPEAT('{mark}', 10))")
        self.server.sql(f"CREATE TABLE IF NOT EXISTS oempro.only_{mark} (id INT PRIMARY KEY) SELECT {mark} AS id")

    def back_up(self) -> str:
        """Take a backup and return its id."""
        result = self.daemon.backup("--json")
        assert result.exit_code == 0, result.err + self.daemon.log()[-3000:]
        return str(self.daemon.backups()[0]["id"])

    def restore(self, *arguments: str, check: bool = True) -> CtlResult:
        """Restore without asking, and wait until the server answers again when that was a success."""
        result = self.daemon.ctl("restore", *arguments, "--yes", timeout_seconds=240)
        if check:
            assert result.exit_code == 0, result.out + result.err + self.daemon.log()[-6000:]
            self.server.wait_until_ready()
        return result

    def undo(self) -> CtlResult:
        """Take the last restore back."""
        result = self.daemon.ctl("undo", "--server", SERVER_NAME, "--yes", timeout_seconds=240)
        assert result.exit_code == 0, result.out + result.err + self.daemon.log()[-6000:]
        self.server.wait_until_ready()
        return result

    def journals(self) -> list[dict[str, Any]]:
        """Return open restores and those with a safety copy, newest first."""
        return list(self.daemon.api("/v1/restores")["restores"])


@dataclass(frozen=True, kw_only=True)
class Restoring(Bench):
    """A bench whose server runs in a container."""

    server: DatabaseContainer

    def change_password(self, password: str) -> None:
        """Change root's password in the server, in the file that the daemon reads, and in what the test knows."""
        for host in ("localhost", "%"):
            self.server.sql(f"ALTER USER root@'{host}' IDENTIFIED BY '{password}'")
        self.server.root_password = password
        Path(self.daemon.servers[SERVER_NAME]["password_file"]).write_text(password + "\n")
        self.daemon.stop()
        self.daemon.start()


@contextmanager
def restoring(
    directory: Path,
    *,
    vendor: Literal["mariadb", "mysql"],
    fill_bytes: int = 2_000_000,
    binlogs_apart: bool = False,
    data_directory: Path | None = None,
    sections: Mapping[str, Mapping[str, Any]] | None = None,
    server_options: Mapping[str, Any] | None = None,
    engine: DockerEngine | None = None,
) -> Iterator[Restoring]:
    """Start a server with some data, and a daemon over it.

    Args:
        directory: Everything lies beneath it.
        vendor: Which server.
        fill_bytes: How much data.
        binlogs_apart: Binary logs on a mount of their own.
        data_directory: Where the server's data is; beneath ``directory`` when None.
        sections: Of the daemon's configuration.
        server_options: Further arguments of the container.
        engine: One that the test brought along: it has no networks, the server is reached by its socket.
    """
    options: dict[str, Any] = {
        "data_directory": data_directory or directory / "mysql" / "data",
        "name": unique_name("restore"),
        "binlog_directory": directory / "mysql-log" / "log" if binlogs_apart else None,
        **(server_options or {}),
    }
    all_sections: dict[str, Mapping[str, Any]] = {"restore": {"flush_seconds": 2}, **(sections or {})}
    table: dict[str, Any] = {"container": options["name"], "databases": ["oempro"]}
    if engine is not None:
        sockets = directory / "run"
        options |= {"engine": engine, "network_mode": "none", "socket_directory": sockets}
        table["socket"] = sockets / "mysqld.sock"
        all_sections["docker"] = {"host": engine.host}
    options["data_directory"].parent.mkdir(parents=True, exist_ok=True)
    kind: type[DatabaseContainer] = MariaDbContainer
    if vendor == "mysql":
        kind = MySqlContainer
        options["arguments"] = (*GTID_ARGUMENTS, *options.get("arguments", ()))
        program = install_standin(directory / "bin", docker_host=engine.host if engine else "")
        all_sections["engines.xtrabackup"] = {"program": str(program)}
    with ExitStack() as stack:
        server = stack.enter_context(kind(**options))
        server.fill(fill_bytes)
        password = directory / "root.password"
        password.write_text(server.login().password + "\n")
        password.chmod(0o600)
        table["password_file"] = password
        daemon = stack.enter_context(
            Daemon(directory=directory / "daemon", servers={SERVER_NAME: table}, sections=all_sections)
        )
        yield Restoring(server=server, daemon=daemon)
