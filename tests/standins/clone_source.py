"""The stand-in's copy of a running server: MySQL's own CLONE, made where the server runs.

In a container the copy is read through the container's root directory, so no directory has to be shared with it. A
stand-in that is killed leaves nothing but a directory there, which the next one sweeps.
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
from typing import Final, Protocol

import pymysql

from tests.standins import xtrabackup_log as log
from tests.standins.xtrabackup_server import BackupServer

_DIRECTORY_NAME: Final = "xtrabackup-standin-"
_TRY_AGAIN_SECONDS: Final = 30.0
_ER_PLUGIN_INSTALLED: Final = 1125
_ER_CLONE_TOO_MANY_CONCURRENT_CLONES: Final = 3634


class CloneError(Exception):
    """The stand-in cannot clone this server; its user is a test, so the text says what the test must change."""


class ServerPlace(Protocol):
    """Where the server runs."""

    @property
    def directory(self) -> str:
        """A directory in which the server may make others."""

    def run(self, *command: str) -> None:
        """Run a program as root there."""

    def reachable(self, inside: str) -> Path:
        """Return where this process may find a directory of the server."""

    def fetch(self, inside: str, target: Path) -> None:
        """Copy a directory of the server, where this process cannot find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerContainer:
    """The container whose server has a certain data directory."""

    container_id: str
    process_id: int
    directory: str = "/tmp"

    def run(self, *command: str) -> None:
        """See ServerPlace.run."""
        _docker("exec", "--user", "0", self.container_id, *command)

    def reachable(self, inside: str) -> Path:
        """See ServerPlace.reachable."""
        return Path(f"/proc/{self.process_id}/root{inside}")

    def fetch(self, inside: str, target: Path) -> None:
        """See ServerPlace.fetch."""
        _docker("cp", f"{self.container_id}:{inside}", str(target))


@dataclass(frozen=True, slots=True, kw_only=True)
class ThisMachine:
    """The machine of the stand-in itself: its own temporary directory may be another than the server's."""

    directory: str = "/var/lib/mysql-files"

    def run(self, *command: str) -> None:
        """See ServerPlace.run."""
        subprocess.run(command, check=True, capture_output=True)

    def reachable(self, inside: str) -> Path:
        """See ServerPlace.reachable."""
        return Path(inside)

    def fetch(self, inside: str, target: Path) -> None:
        """See ServerPlace.fetch."""
        raise CloneError(f"stand-in: the server has made no {inside} for {target}")


def find_server(data_directory: Path, *, is_here: bool) -> ServerPlace:
    """Return the place of the server with this data directory: this machine, or a running container that mounts it.

    Raises:
        CloneError: There is none.
    """
    if is_here:
        return ThisMachine()
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
def cloned(server: BackupServer, place: ServerPlace, scratch: Path) -> Iterator[Path]:
    """Yield a directory that holds a clone of the server's data.

    Args:
        server: Where CLONE is executed.
        place: Where the server runs.
        scratch: Takes a copy of the clone when that is not reachable from here.
    """
    prefix = f"{place.directory}/{_DIRECTORY_NAME}"
    place.run("sh", "-c", f"rm -rf {prefix}*")
    inside = f"{prefix}{os.getpid()}-{time.monotonic_ns()}"
    try:
        _clone(server, inside)
        direct = place.reachable(inside)
        if direct.is_dir():
            yield direct
        else:
            place.fetch(inside, scratch)
            yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        place.run("rm", "-rf", inside)


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
