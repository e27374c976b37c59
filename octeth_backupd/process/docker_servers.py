"""What is asked of the Docker engine about servers: their restart policy, their log, who mounts which directory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import DockerError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from octeth_backupd.process.docker import Docker

_JUST_ENDED = "cannot update a deleted process"
"""The engine says so (seen with Docker 20.10) of a container whose process ended in that moment, as in a crash loop."""
_TRIES = 50
_BETWEEN_TRIES_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDirectory:
    """A directory of the host that a running container may write to.

    Attributes:
        name: Of the container.
    """

    container_id: str
    name: str
    source: Path


def set_restart_policy(
    docker: Docker,
    container_id: str,
    *,
    name: str,
    maximum_retries: int = 0,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Change what the engine does when a container ends, or when the engine itself starts.

    Args:
        docker: The engine.
        container_id: Of a container, running or not.
        name: ``no``, ``always``, ``unless-stopped``, ``on-failure``.
        maximum_retries: For ``on-failure``; the engine refuses it with any other.
        pause: Waits for as many seconds, before a container whose process has just ended is tried again.

    Raises:
        NotFoundError: There is no such container.
        DockerError: The engine cannot be reached or refused.
    """
    policy: Any = {"Name": name}
    if name == "on-failure":
        policy["MaximumRetryCount"] = maximum_retries
    for tries_left in reversed(range(_TRIES)):
        try:
            docker.call(
                f"change the restart policy of container {container_id}",
                lambda client: client.api.update_container(container_id, restart_policy=policy),
            )
        except DockerError as exc:
            if not tries_left or _JUST_ENDED not in exc.message:
                raise
            pause(_BETWEEN_TRIES_SECONDS)
        else:
            return


def read_log(docker: Docker, container_id: str, *, since: datetime, last_lines: int) -> tuple[str, ...]:
    """Return the last lines that a container wrote since a moment, of both streams, as the engine kept them.

    Raises:
        NotFoundError: There is no such container.
        DockerError: The engine cannot be reached, or its logging driver keeps nothing that can be read.
    """
    output: bytes = docker.call(
        f"read the log of container {container_id}",
        lambda client: client.api.logs(container_id, since=since.timestamp(), tail=last_lines),
    )
    return tuple(line.rstrip("\r") for line in output.decode(errors="replace").splitlines())


def held_directories(docker: Docker) -> tuple[HeldDirectory, ...]:
    """Return the directories of the host, volumes included, that running containers have mounted for writing.

    Raises:
        DockerError: The engine cannot be reached or refused.
    """
    listed: list[dict[str, Any]] = docker.call("list containers", lambda client: client.api.containers())
    return tuple(
        HeldDirectory(
            container_id=str(container["Id"]),
            name=str(next(iter(container.get("Names") or ()), container["Id"])).lstrip("/"),
            source=Path(mount["Source"]),
        )
        for container in listed
        for mount in container.get("Mounts") or ()
        if mount.get("Source") and mount.get("RW") is not False
    )


def mounted_volumes(docker: Docker, container_id: str) -> dict[Path, str]:
    """Return the volumes of a container that hold their files only while it runs, with where these really are.

    A volume with a device of its own (``driver_opts``), or with another driver than the engine's, is mounted on its
    place when a container starts and unmounted when the last one stops.

    Returns:
        Place on the host → device, or the driver's name where it has none.

    Raises:
        NotFoundError: There is no such container.
        DockerError: The engine cannot be reached or refused.

    Source:
        moby 20.10, ``volume/local/local_unix.go``, ``needsMount``.
    """
    inspected = docker.inspect_container(container_id)
    return dict(_mounted_volumes(docker, inspected.get("Mounts") or ()))


def _mounted_volumes(docker: Docker, mounts: Any) -> Iterator[tuple[Path, str]]:
    for mount in mounts:
        name = mount.get("Name")
        if mount.get("Type") != "volume" or not name or not mount.get("Source"):
            continue
        try:
            volume = _inspect_volume(docker, str(name))
        except NotFoundError:
            continue
        options, driver = volume.get("Options") or {}, str(volume.get("Driver") or "local")
        if driver != "local" or options.get("device") or options.get("type"):
            yield Path(mount["Source"]), str(options.get("device") or options.get("type") or driver)


def _inspect_volume(docker: Docker, name: str) -> dict[str, Any]:
    volume: dict[str, Any] = docker.call(f"inspect volume {name}", lambda client: client.api.inspect_volume(name))
    return volume
