"""What a daemon may have left on this machine: processes and sidecars with its installation's mark."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.environment.docker_engine import shared_engine

if TYPE_CHECKING:
    from tests.environment.daemon import Daemon
    from tests.environment.docker_engine import DockerEngine

_MARK = b"OCTETH_BACKUPD_RUN="
_LABEL = "octeth-backupd.installation"


def installation_id(daemon: Daemon) -> str:
    """Return the id that everything of this daemon is marked with."""
    return (daemon.state_directory / "installation-id").read_text().strip()


def marked_processes(daemon: Daemon) -> dict[int, str]:
    """Return pid → command line of every process that one of the daemon's runs started."""
    mark = _MARK + installation_id(daemon).encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(entry.startswith(mark) for entry in (process / "environ").read_bytes().split(b"\0")):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found[int(process.name)] = command
        except OSError:
            continue
    return found


def sidecars(daemon: Daemon, engine: DockerEngine | None = None) -> list[str]:
    """Return the names of the daemon's sidecars, running or not, in the shared engine when none is named."""
    listed = (engine or shared_engine()).client.containers.list(
        all=True, filters={"label": f"{_LABEL}={installation_id(daemon)}"}, ignore_removed=True
    )
    return [str(container.name) for container in listed]
