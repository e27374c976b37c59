"""MariaDB and MySQL servers in Docker containers, as Octeth runs them."""

import itertools
import os
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from docker.models.containers import Container

from tests.environment.directory_template import copy_directory, directory_template
from tests.environment.docker_engine import (
    MARIADB_IMAGE,
    MYSQL_IMAGE,
    MYSQL_USER_ID,
    DockerEngine,
    Mount,
    RestartPolicyName,
    ensure_image,
    remove_container,
    shared_engine,
)
from tests.environment.sql_server import DEFAULT_PASSWORD, Login, SqlServer

NAME_PREFIX: Final = "octeth-test-"
DATA_DIRECTORY: Final = "/var/lib/mysql"
BINLOG_DIRECTORY: Final = "/var/log/mysql"
SOCKET_DIRECTORY: Final = "/run/mysqld"

_numbers = itertools.count(1)


def unique_name(purpose: str = "database") -> str:
    """Return a container name that no other test session uses."""
    return f"{NAME_PREFIX}{purpose}-{os.getpid()}-{next(_numbers)}"


def make_server_directory(directory: Path, *, mode: int = 0o750) -> Path:
    """Make a directory that the server in a container may write, unless it is there."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(mode)
    os.chown(directory, MYSQL_USER_ID, MYSQL_USER_ID)
    return directory


@dataclass(kw_only=True, eq=False)
class DatabaseContainer(SqlServer):
    """A database server in a container; as a context manager it is started, ready, and removed at the end.

    Args:
        data_directory: On the host; made when absent. What it holds stays when the container is removed.
        name: Of the container; a unique one when empty.
        root_password: Of root@localhost and root@'%'; only an empty data directory takes it over.
        binlog_directory: On the host; when given, binlogs are written there and not into the data directory.
        binlog: Write binlogs; False adds ``--skip-log-bin``, True ``--log-bin``, None leaves the server's default.
        socket_directory: On the host; when given, the server's socket appears there as ``mysqld.sock``.
        published_port: Port on the host's 127.0.0.1; 0 takes a free one; None publishes none.
        arguments: Further arguments of the server program.
        environment: Further variables for the entrypoint.
        mounts: Further mounts, such as ``Mount(source=workspace)`` for the same path inside.
        network_mode: As the engine knows it: bridge, host, none, container:NAME, or a network.
        restart_policy: no, always, unless-stopped, on-failure.
        labels: Further labels.
        image: One of the test images, or one made from them.
        volume: Named volume that ``data_directory`` is the place of on the host; empty: that is bind-mounted.
        engine: Which engine it runs in; the session's shared one when None.
        use_template: Begin an empty data directory with a copy of one that the entrypoint initialised before,
            where the vendor's initialisation is slow; each copy gets a server uuid of its own.
    """

    vendor: ClassVar[str]
    server_program: ClassVar[str]

    data_directory: Path
    name: str = ""
    root_password: str = DEFAULT_PASSWORD
    binlog_directory: Path | None = None
    binlog: bool | None = None
    socket_directory: Path | None = None
    published_port: int | None = None
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: Sequence[Mount] = ()
    network_mode: str = "bridge"
    restart_policy: RestartPolicyName = "no"
    labels: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    volume: str = ""
    engine: DockerEngine | None = None
    use_template: bool = True

    def __post_init__(self) -> None:
        self.name = self.name or unique_name(self.vendor)
        self.image = self.image or ensure_image(self.default_image())
        self._container: Container | None = None

    @staticmethod
    @abstractmethod
    def default_image() -> str:
        """Return the test image of this vendor."""

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
    def container(self) -> Container:
        """The SDK's container object; its attributes are as old as the last ``reload``."""
        if self._container is None:
            raise LookupError(f"container {self.name} was never started")
        return self._container

    @property
    def container_id(self) -> str:
        """The container's full id."""
        return str(self.container.id)

    @property
    def address(self) -> str:
        """The container's address now; it may change with a restart."""
        if self.network_mode == "host":
            return "127.0.0.1"
        networks = self._inspect()["NetworkSettings"]["Networks"]
        addresses = [network["IPAddress"] for network in networks.values() if network.get("IPAddress")]
        if not addresses:
            raise LookupError(f"container {self.name} has no address")
        return str(addresses[0])

    @property
    def host_port(self) -> int:
        """The port on 127.0.0.1 of the host under which the server is published."""
        bindings = self._inspect()["NetworkSettings"]["Ports"]["3306/tcp"]
        return int(bindings[0]["HostPort"])

    def login(self) -> Login:
        if self.network_mode == "none" and self.socket_directory is not None:
            return Login(password=self.root_password, socket=str(self.socket_directory / "mysqld.sock"))
        return Login(password=self.root_password, address=self.address)

    def is_running(self) -> bool:
        return bool(self._inspect()["State"]["Running"])

    def server_log(self) -> str:
        return self.container.logs().decode(errors="replace")

    def start(self, *, wait: bool = True) -> Self:
        """Start the container: make it the first time, else start it again."""
        if self._container is None:
            self._make_directories()
            self._container = self._run()
        else:
            self._container.start()
        if wait:
            self.wait_until_ready()
        return self

    def stop(self, *, timeout_seconds: int = 60) -> None:
        """Stop the server cleanly; the container stays."""
        self.container.stop(timeout=timeout_seconds)

    def kill(self, *, signal: str = "KILL") -> None:
        """Send a signal to the server, a crash by default, and wait for its end when that was KILL."""
        self.container.kill(signal=signal)
        if signal == "KILL":
            self.container.wait(timeout=30)

    def restart(self, *, wait: bool = True) -> None:
        """Stop cleanly and start again."""
        self.container.restart(timeout=60)
        if wait:
            self.wait_until_ready()

    def pause(self) -> None:
        """Freeze all processes of the container."""
        self.container.pause()

    def unpause(self) -> None:
        """Let a frozen container go on."""
        self.container.unpause()

    def rename(self, name: str) -> None:
        """Give the container another name."""
        self.container.rename(name)
        self.name = name

    def remove(self) -> None:
        """Remove the container whatever its state; the data directory stays. ``start`` makes a new container."""
        if self._container is not None:
            remove_container(self._container)
            self._container = None

    def run_inside(self, *command: str, user: str = "") -> tuple[int, str]:
        """Run a program in the container and return its exit code with what it wrote."""
        exit_code, output = self.container.exec_run(list(command), user=user)
        text = output if isinstance(output, bytes) else b"".join(output)
        return exit_code or 0, text.decode(errors="replace")

    def server_arguments(self) -> list[str]:
        """Return the arguments that the server gets on top of its configuration files."""
        arguments = list(self.arguments)
        if self.binlog_directory is not None:
            arguments += [f"--log-bin={BINLOG_DIRECTORY}/binlog", "--server-id=1"]
        elif self.binlog is True:
            arguments += ["--log-bin=binlog", "--server-id=1"]
        elif self.binlog is False:
            arguments += ["--skip-log-bin"]
        return arguments

    def _run(self) -> Container:
        return (self.engine or shared_engine()).run(
            self.image,
            self.server_arguments(),
            name=self.name,
            environment={"MYSQL_ROOT_PASSWORD": self.root_password, **self.environment},
            mounts=self._all_mounts(),
            published_port=self.published_port,
            network_mode=self.network_mode,
            restart_policy=self.restart_policy,
            labels=self.labels,
        )

    def _all_mounts(self) -> list[Mount]:
        mounts = [Mount(source=Path(self.volume or self.data_directory), target=DATA_DIRECTORY)]
        if self.binlog_directory is not None:
            mounts.append(Mount(source=self.binlog_directory, target=BINLOG_DIRECTORY))
        if self.socket_directory is not None:
            mounts.append(Mount(source=self.socket_directory, target=SOCKET_DIRECTORY))
        return [*mounts, *self.mounts]

    def _make_directories(self) -> None:
        make_server_directory(self.data_directory)
        if self.use_template and not any(self.data_directory.iterdir()):
            self._begin_data_directory()
        if self.binlog_directory is not None:
            make_server_directory(self.binlog_directory)
        if self.socket_directory is not None:
            make_server_directory(self.socket_directory, mode=0o755)

    def _begin_data_directory(self) -> None:
        """Fill an empty data directory before the start; leaving it empty lets the entrypoint initialise it."""

    def _inspect(self) -> dict[str, Any]:
        self.container.reload()
        attributes: dict[str, Any] = self.container.attrs
        return attributes


class MariaDbContainer(DatabaseContainer):
    """MariaDB 10.11 with mariadb-backup in its image. See DatabaseContainer."""

    vendor = "mariadb"
    server_program = "mariadbd"

    @staticmethod
    def default_image() -> str:
        return MARIADB_IMAGE


class MySqlContainer(DatabaseContainer):
    """MySQL 9 of Debian sid. See DatabaseContainer."""

    vendor = "mysql"
    server_program = "mysqld"

    @staticmethod
    def default_image() -> str:
        return MYSQL_IMAGE

    def _begin_data_directory(self) -> None:
        identity = f"{shared_engine().client.images.get(self.image).id} {self.root_password}"
        with directory_template(identity, make=self._initialise) as template:
            copy_directory(template, self.data_directory)

    def _initialise(self, directory: Path) -> None:
        server = MySqlContainer(
            data_directory=directory,
            root_password=self.root_password,
            image=self.image,
            binlog=False,
            use_template=False,
        )
        with server:
            server.stop()
        (directory / "auto.cnf").unlink()
