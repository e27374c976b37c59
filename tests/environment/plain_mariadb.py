"""MariaDB as a plain process: ready in a second, for tests that need a server but no container."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.environment.directory_template import copy_directory, directory_template
from tests.environment.docker_engine import ensure_programs
from tests.environment.sql_server import DEFAULT_PASSWORD, Login, SqlServer

SERVER_PROGRAM: Final = "/usr/sbin/mariadbd"
BACKUP_PROGRAM: Final = "/usr/bin/mariadb-backup"
_STOP_TIMEOUT_SECONDS: Final = 60


@dataclass(kw_only=True, eq=False)
class PlainMariaDb(SqlServer):
    """The host's MariaDB in a directory of its own; as a context manager it is started, ready, and stopped at the end.

    Args:
        directory: Holds ``data``, ``binlogs`` and ``server.log``; made when absent, and left there.
        root_password: Of root@localhost and root@'%'; only a new directory takes it over.
        port: On 127.0.0.1; 0 takes a free one, None does not listen.
        binlog: Write binlogs into the data directory.
        binlog_directory: Write binlogs there instead.
        arguments: Further arguments of the server.

    Attributes:
        data_directory: What mariadb-backup copies.
        socket: Path of the server's socket. Not below ``directory``, whose path may be too long for one.
    """

    directory: Path
    root_password: str = DEFAULT_PASSWORD
    port: int | None = None
    binlog: bool = False
    binlog_directory: Path | None = None
    arguments: Sequence[str] = ()

    def __post_init__(self) -> None:
        ensure_programs()
        self.data_directory = self.directory / "data"
        self.log_file = self.directory / "server.log"
        self._sockets: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if self.port == 0:
            self.port = _free_port()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.remove()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    @property
    def socket(self) -> Path:
        """The server's socket."""
        if self._sockets is None:
            raise LookupError("the server was never started")
        return self._sockets / "mysqld.sock"

    @property
    def process_id(self) -> int:
        """The server's process id."""
        if self._process is None:
            raise LookupError("the server was never started")
        return self._process.pid

    def login(self) -> Login:
        return Login(socket=str(self.socket), password=self.root_password)

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def server_log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace") if self.log_file.exists() else ""

    def start(self, *, wait: bool = True) -> Self:
        """Start the server, on what its directory holds or on a new one."""
        self._sockets = self._sockets or Path(tempfile.mkdtemp(prefix="octeth-", dir="/tmp"))
        arguments = self.server_arguments()
        if not (self.data_directory / "mysql").exists():
            arguments.append(f"--init-file={self._make_data_directory()}")
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [SERVER_PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            self.wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop the server cleanly; fine when it does not run."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Crash the server."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop cleanly and start again."""
        self.stop()
        self.start()

    def remove(self) -> None:
        """Stop the server, by force when it must be; the directory stays."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None

    def server_arguments(self) -> list[str]:
        """Return the arguments of the server program; it reads no configuration file."""
        arguments = [
            "--no-defaults",
            f"--user={getpass.getuser()}",
            f"--datadir={self.data_directory}",
            f"--socket={self.socket}",
            f"--pid-file={self.socket.with_name('mysqld.pid')}",
            # Not the common one: a server that starts removes what others have in its directory for temporary files.
            f"--tmpdir={self.socket.parent}",
            "--skip-name-resolve",
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=32M",
        ]
        arguments += ["--skip-networking"] if self.port is None else ["--bind-address=127.0.0.1", f"--port={self.port}"]
        if self.binlog_directory is not None:
            self.binlog_directory.mkdir(parents=True, exist_ok=True)
            arguments += [f"--log-bin={self.binlog_directory}/binlog", "--server-id=1"]
        elif self.binlog:
            arguments += ["--log-bin=binlog", "--server-id=1"]
        return [*arguments, *self.arguments]

    def _make_data_directory(self) -> Path:
        """Begin the data directory with a copy of a fresh one, and return the SQL file that sets the accounts."""
        self.data_directory.mkdir(parents=True, exist_ok=True)
        with directory_template(f"plain mariadb {Path(SERVER_PROGRAM).stat()}", make=_initialise) as template:
            copy_directory(template, self.data_directory)
        password = self.root_password.replace("\\", "\\\\").replace("'", "''")
        init_file = self.socket.with_name("accounts.sql")
        init_file.write_text(
            "SET SESSION sql_log_bin = 0;\n"
            f"ALTER USER root@localhost IDENTIFIED BY '{password}';\n"
            f"CREATE USER root@'%' IDENTIFIED BY '{password}';\n"
            "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;\n",
            encoding="utf-8",
        )
        return init_file

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
        self._process.wait(timeout=_STOP_TIMEOUT_SECONDS)


def _initialise(directory: Path) -> None:
    command = [
        "mariadb-install-db",
        "--no-defaults",
        f"--user={getpass.getuser()}",
        f"--datadir={directory}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--rpm",
        "--innodb-log-file-size=32M",
    ]
    environment = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    finished = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if finished.returncode != 0:
        raise RuntimeError(f"mariadb-install-db failed: {finished.stdout[-2000:]}{finished.stderr[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
