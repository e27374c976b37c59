"""Choose the power switch of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.servers.power.container import ContainerPower
from octeth_backupd.servers.power.systemd import SystemdPower

if TYPE_CHECKING:
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.servers.power.base import Power
    from octeth_backupd.servers.settings import ServerSettings


def power_for(
    settings: ServerSettings,
    docker: Docker,
    *,
    container_id: str = "",
    clock: Clock | None = None,
    search_path: str | None = None,
) -> Power:
    """Return the power switch of a server.

    Args:
        settings: The server's table of the configuration.
        docker: The engine.
        container_id: Of the one container that is meant; another one under the name is then an error at each call.
        clock: For time limits; the real one when None.
        search_path: Where systemctl and journalctl are looked up, as in PATH.

    Raises:
        InvalidRequestError: The server can only be talked to.
    """
    clock = clock or SystemClock()
    if settings.container is not None:
        return ContainerPower(docker, settings.container, container_id=container_id, clock=clock)
    if settings.systemd_unit is not None:
        return SystemdPower(settings.systemd_unit, docker=docker, clock=clock, search_path=search_path)
    raise InvalidRequestError(
        "a server that is known by its address only cannot be stopped and started",
        hint="Set container or systemd_unit in its table of the configuration, or use --to and put the files in place.",
    )
