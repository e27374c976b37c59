"""A server on an unpacked or prepared directory: the proof that a backup restores."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from docker.models.containers import Container

from tests.environment.database_containers import DATA_DIRECTORY, make_server_directory, unique_name
from tests.environment.directory_template import copy_directory
from tests.environment.docker_engine import (
    MARIADB_IMAGE,
    MYSQL_IMAGE,
    MYSQL_USER_ID,
    Mount,
    ensure_image,
    remove_container,
    shared_engine,
)
from tests.environment.sql_server import Login, SqlServer

Vendor = Literal["mariadb", "mysql"]

_IMAGES: Final[dict[Vendor, str]] = {"mariadb": MARIADB_IMAGE, "mysql": MYSQL_IMAGE}
_PROGRAMS: Final[dict[Vendor, str]] = {"mariadb": "mariadbd", "mysql": "mysqld"}
_SOCKETS_INSIDE: Final = "/sockets"
_VENDOR_ARGUMENTS: Final[dict[Vendor, tuple[str, ...]]] = {
    "mariadb": ("--skip-slave-start",),
    "mysql": ("--mysqlx=OFF", "--skip-replica-start", "--secure-file-priv=NULL"),
}


class ThrowawayServer(SqlServer):
    """A server without network on a directory, reached through a socket."""

    def __init__(self, container: Container, socket: Path, password: str) -> None:
        self.container = container
        self._socket = socket
        self._password = password

    def login(self) -> Login:
        return Login(socket=str(self._socket), password=self._password)

    def is_running(self) -> bool:
        self.container.reload()
        return bool(self.container.status == "running")

    def server_log(self) -> str:
        return self.container.logs().decode(errors="replace")

    def stop(self) -> int:
        """Stop the server cleanly and return its exit code."""
        self.container.stop(timeout=60)
        return int(self.container.wait(timeout=60)["StatusCode"])


@contextmanager
def server_on(
    directory: Path,
    *,
    vendor: Vendor,
    image: str | None = None,
    copy: bool = False,
    skip_grants: bool = True,
    root_password: str = "",
    arguments: Sequence[str] = (),
) -> Iterator[ThrowawayServer]:
    """Start a server on a directory, yield it, and throw it away.

    The server binary is started, not the image's entrypoint, which would initialise a directory that holds nothing.
    It writes no binlog unless ``arguments`` name one, and runs no events.

    Args:
        directory: A data directory; it now belongs to the server's user, and the server changes it.
        vendor: Whose server this is.
        image: Default: the test image of the vendor.
        copy: Work on a copy, and leave the directory as it is.
        skip_grants: Let everybody in. When False, root logs in with ``root_password``: the backup's own accounts.
        root_password: Of root@localhost in the backup; used when ``skip_grants`` is False.
        arguments: Further arguments of the server.

    Raises:
        ServerNotReadyError: The server does not start on this directory; the message carries the end of its log.
    """
    # Not below the test's own directory: a socket's path has room for 107 bytes only.
    scratch = Path(tempfile.mkdtemp(prefix="octeth-", dir="/tmp"))
    container: Container | None = None
    try:
        sockets = make_server_directory(scratch / "sockets", mode=0o700)
        data_directory = _copied(directory, scratch / "data") if copy else directory
        _give_to_server(data_directory)
        container = shared_engine().run(
            image or ensure_image(_IMAGES[vendor]),
            _server_arguments(vendor, skip_grants=skip_grants, more=arguments),
            name=unique_name("throwaway"),
            entrypoint=[_PROGRAMS[vendor]],
            user=f"{MYSQL_USER_ID}:{MYSQL_USER_ID}",
            network_mode="none",
            mounts=[Mount(source=data_directory, target=DATA_DIRECTORY), Mount(source=sockets, target=_SOCKETS_INSIDE)],
        )
        server = ThrowawayServer(container, sockets / "mysqld.sock", "" if skip_grants else root_password)
        server.wait_until_ready()
        yield server
    finally:
        if container is not None:
            remove_container(container)
        shutil.rmtree(scratch, ignore_errors=True)


def _server_arguments(vendor: Vendor, *, skip_grants: bool, more: Sequence[str]) -> list[str]:
    arguments = [
        "--no-defaults",
        f"--datadir={DATA_DIRECTORY}",
        f"--socket={_SOCKETS_INSIDE}/mysqld.sock",
        f"--pid-file={_SOCKETS_INSIDE}/mysqld.pid",
        "--skip-networking",
        "--event-scheduler=DISABLED",
        "--innodb-buffer-pool-size=64M",
        *_VENDOR_ARGUMENTS[vendor],
    ]
    if skip_grants:
        arguments.append("--skip-grant-tables")
    if not any(argument.startswith("--log-bin") for argument in more):
        arguments.append("--skip-log-bin")
    return [*arguments, *more]


def _copied(source: Path, target: Path) -> Path:
    target.mkdir()
    copy_directory(source, target)
    return target


def _give_to_server(directory: Path) -> None:
    for path in (directory, *directory.rglob("*")):
        os.chown(path, MYSQL_USER_ID, MYSQL_USER_ID, follow_symlinks=False)
