"""The stand-in's copy of a running server: MySQL's own CLONE, made inside the server's container.

The copy is read through the container's root directory, so no directory has to be shared with the container, and a
stand-in that is killed leaves nothing but a directory in the container, which the next one sweeps.
"""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pymysql

from tests.standins import xtrabackup_log as log
from tests.standins.xtrabackup_server import BackupServer

_DIRECTORY_PREFIX: Final = "/tmp/xtrabackup-standin-"
_TRY_AGAIN_SECONDS: Final = 30.0
_ER_PLUGIN_INSTALLED: Final = 1125
_ER_CLONE_TOO_MANY_CONCURRENT_CLONES: Final = 3634


class CloneError(Exception):
    """The stand-in cannot clone this server; its user is a test, so the text says what the test must change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContainer:
    """The container whose server has a certain data directory."""

    container_id: str
    process_id: int

    def run(self, *command: str) -> None:
        """Run a program as root in the container."""
        _docker("exec", "--user", "0", self.container_id, *command)


def find_server_container(data_directory: Path) -> ServerContainer:
    """Return the running container that mounts this directory of the host.

    Raises:
        CloneError: There is none.
    """
    ids = _docker("ps", "--quiet", "--no-trunc").split()
    for container in json.loads(_docker("inspect", *ids)) if ids else []:
        for mount in container["Mounts"]:
            if Path(mount.get("Source", "/")).resolve() == data_directory.resolve():
                return ServerContainer(container_id=container["Id"], process_id=container["State"]["Pid"])
    raise CloneError(f"stand-in: no running container mounts {data_directory}")


def install_clone_plugin(server: BackupServer) -> None:
    """Have the server's clone plugin; needs INSERT on mysql.plugin unless it is there."""
    active = server.rows("SELECT plugin_status FROM information_schema.plugins WHERE plugin_name = 'clone'")
    if active:
        return
    try:
        server.rows("INSTALL PLUGIN clone SONAME 'mysql_clone.so'")
    except pymysql.err.MySQLError as error:
        if error.args[0] != _ER_PLUGIN_INSTALLED:
            raise CloneError(f"stand-in: install the clone plugin first: {error}") from error


@contextmanager
def cloned(server: BackupServer, container: ServerContainer, scratch: Path) -> Iterator[Path]:
    """Yield a directory of the host that holds a clone of the server's data.

    Args:
        server: Where CLONE is executed.
        container: Where the server runs.
        scratch: Takes a copy of the clone when the container's root is not reachable from here.
    """
    container.run("sh", "-c", f"rm -rf {_DIRECTORY_PREFIX}*")
    inside = f"{_DIRECTORY_PREFIX}{os.getpid()}-{time.monotonic_ns()}"
    try:
        _clone(server, inside)
        direct = Path(f"/proc/{container.process_id}/root{inside}")
        if direct.is_dir():
            yield direct
        else:
            _docker("cp", f"{container.container_id}:{inside}", str(scratch))
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        container.run("rm", "-rf", inside)


def _clone(server: BackupServer, inside: str) -> None:
    """Clone; a clone whose client was killed runs on in the server, and is waited for."""
    deadline = time.monotonic() + _TRY_AGAIN_SECONDS
    while True:
        try:
            server.rows(f"CLONE LOCAL DATA DIRECTORY = '{inside}'")
        except pymysql.err.MySQLError as error:
            if error.args[0] != _ER_CLONE_TOO_MANY_CONCURRENT_CLONES or time.monotonic() > deadline:
                raise
            log.note("stand-in: waiting for another clone to end")
            time.sleep(0.1)
        else:
            return


def _docker(*arguments: str) -> str:
    finished = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise CloneError(f"stand-in: docker {arguments[0]}: {finished.stderr.strip()}")
    return finished.stdout
