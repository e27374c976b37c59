"""A Debian host of its own: a container whose first process is systemd, with MariaDB as a unit."""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from docker.models.containers import Container

from tests.environment.database_containers import unique_name
from tests.environment.docker_engine import (
    SYSTEMD_IMAGE,
    Mount,
    ensure_image,
    remove_container,
    session_labels,
    shared_engine,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

CHECKOUT: Final = Path(__file__).resolve().parent.parent.parent
SYSTEM_ENVIRONMENT: Final = CHECKOUT / ".venv-system"
"""The project under Debian's own Python, which the host has, too."""
DOCKER_SOCKET: Final = "/var/run/docker.sock"
_BOOTED: Final = frozenset({"running", "degraded"})
_BOOT_SECONDS: Final = 60
_RUN_SECONDS: Final = 120
_POLL_SECONDS: Final = 0.05


class HostError(Exception):
    """A program on the host failed, or the host did not boot; the message has its words."""


@dataclass(kw_only=True, eq=False)
class SystemdHost:
    """A host; as a context manager it is booted, and removed at the end.

    What is mounted lies under the same path as on this machine, the checkout with its environment for Debian's Python
    among it, read-only: ``SYSTEM_ENVIRONMENT / "bin"`` has the project's programs.

    Args:
        mounts: Further directories.
        docker_socket: Let it talk to this machine's Docker engine; paths that it tells the engine are this machine's.
        name: Of the container; a unique one when empty.
        image: Which system it is.

    Source:
        Each flag is needed: mount sandboxing of units wants SYS_ADMIN, and ``/run`` must be empty after a boot.
    """

    mounts: Sequence[Mount] = ()
    docker_socket: bool = False
    name: str = ""
    image: str = SYSTEMD_IMAGE

    def __post_init__(self) -> None:
        self.name = self.name or unique_name("host")
        self._container: Container | None = None

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
        """The SDK's container object."""
        if self._container is None:
            raise LookupError("the host was never started")
        return self._container

    @property
    def address(self) -> str:
        """The host's address now; it may change with a boot."""
        self.container.reload()
        return str(self.container.attrs["NetworkSettings"]["IPAddress"])

    def start(self, *, wait: bool = True) -> Self:
        """Boot: make the container the first time, else start it again."""
        if self._container is None:
            self._container = self._create()
        self._container.start()
        if wait:
            self.wait_until_booted()
        return self

    def reboot(self, *, wait: bool = True) -> None:
        """Shut down as systemd does, every unit in its order, and boot."""
        self.container.stop(timeout=_RUN_SECONDS)
        self.start(wait=wait)

    def lose_power(self) -> None:
        """End everything on it in one moment; ``start`` boots it again."""
        self.container.kill(signal="KILL")
        self.container.wait(timeout=30)

    def remove(self) -> None:
        """Remove it with all that is on it, except what is mounted."""
        if self._container is not None:
            remove_container(self._container)
            self._container = None

    def wait_until_booted(self) -> None:
        """Return when all units that start by themselves have started, or failed.

        Raises:
            HostError: It takes too long.
        """
        limit = time.monotonic() + _BOOT_SECONDS
        while (state := self.systemctl("is-system-running", check=False).strip()) not in _BOOTED:
            if time.monotonic() > limit:
                raise HostError(
                    f"the host is {state} after {_BOOT_SECONDS} s: {self.container.logs().decode()[-2000:]}"
                )
            time.sleep(_POLL_SECONDS)

    def run(
        self, argv: Sequence[str | Path], *, check: bool = True, text: str = "", timeout_seconds: float = _RUN_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as root, with this standard input.

        Raises:
            HostError: It failed, and ``check`` is set.
        """
        done = subprocess.run(
            ["docker", "exec", "--interactive", self.name, *argv],
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
        if check and done.returncode != 0:
            raise HostError(f"{' '.join(map(str, argv))}: exit code {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def write(self, path: str, text: str, *, mode: int = 0o644) -> None:
        """Write a file; its directory is made when it is absent."""
        self.run(
            ["sh", "-ec", 'mkdir -p "$(dirname "$1")"; cat >"$1"; chmod "$2" "$1"', "sh", path, f"{mode:o}"], text=text
        )

    def copy_in(self, source: Path, directory: str) -> None:
        """Copy a file, or a directory with what is in it, into a directory, which is made when it is absent."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(source, arcname=source.name)
        self.run(["mkdir", "-p", directory])
        self.container.put_archive(directory, packed.getvalue())

    def systemctl(self, *arguments: str, check: bool = True) -> str:
        """Return what systemctl prints."""
        return self.run(["systemctl", *arguments], check=check).stdout

    def shown(self, unit: str, *properties: str) -> dict[str, str]:
        """Return properties of a unit."""
        output = self.systemctl("show", f"--property={','.join(properties)}", unit)
        return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)

    def journal(self, unit: str = "") -> str:
        """Return what a unit, or everything, wrote to the journal in all boots, and what systemd said of it."""
        return self.run(["journalctl", "--no-pager", "--output=short", *([f"--unit={unit}"] if unit else [])]).stdout

    def _create(self) -> Container:
        ensure_image(self.image)
        _ensure_system_environment()
        mounts = [Mount(source=CHECKOUT, read_only=True), *self.mounts]
        if self.docker_socket:
            mounts.append(Mount(source=Path(DOCKER_SOCKET)))
        options: dict[str, Any] = {"cgroupns": "private"}  # the stubs lack it
        container: Container = shared_engine().client.containers.create(
            self.image,
            name=self.name,
            hostname="db-host",
            labels=session_labels(),
            volumes=[mount.as_bind() for mount in mounts],
            cap_add=["SYS_ADMIN"],
            tmpfs={"/run": "", "/run/lock": ""},
            stop_signal="SIGRTMIN+3",
            **options,
        )
        return container


@cache
def _ensure_system_environment() -> None:
    """Have the project installed for Debian's own Python, as ``make test`` has."""
    if not (SYSTEM_ENVIRONMENT / "bin" / "octeth-backupd").exists():
        script = CHECKOUT / "tests" / "setup" / "python-environment"
        subprocess.run([script, "/usr/bin/python3", SYSTEM_ENVIRONMENT], cwd=CHECKOUT, check=True, capture_output=True)
