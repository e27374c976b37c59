"""The server of a rehearsal in a container: the image and the mounts of the live one, but none of its rights."""

from __future__ import annotations

import secrets
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from octeth_backupd.domain.paths import normalised
from octeth_backupd.errors import BackupdError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path, PurePosixPath

    from octeth_backupd.domain.restore.site import Owner
    from octeth_backupd.domain.server import ContainerFacts, Mount
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.process.mark import RunMark

THREAD_LIMIT = 2048
EXIT_CODE_TIMEOUT_SECONDS = 30


class RehearsalServer(Protocol):
    """A server process that was started for a rehearsal; all calls may come from any thread."""

    def ended(self) -> int | None:
        """Return its exit code once it has ended, None while it runs."""

    def terminate(self) -> None:
        """Ask it to stop cleanly."""

    def kill(self) -> None:
        """End it by force; fine when it has ended."""

    def last_words(self) -> tuple[str, ...]:
        """Return the last lines that it printed, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A directory or file of the host, and where the server sees it."""

    source: Path
    target: PurePosixPath
    read_only: bool = False


def container_bindings(container: ContainerFacts, own: Iterable[Binding]) -> tuple[Binding, ...]:
    """Return what the container of a rehearsal sees of the host.

    The live container's directories and files, read-only, but those whose place the rehearsal's own take. Left out is
    what is a socket (the Docker engine's, for one: an archive is not trusted), what is gone, and what would have to be
    written to for one of our own to be mounted in it.

    Args:
        container: The live one.
        own: What the rehearsal puts in its place.
    """
    mine = tuple(own)
    taken = [normalised(binding.target) for binding in mine]
    kept = [mount for mount in container.mounts if _is_kept(mount, taken)]
    return (
        *(Binding(source=mount.source, target=normalised(mount.destination), read_only=True) for mount in kept),
        *mine,
    )


def _is_kept(mount: Mount, taken: Iterable[PurePosixPath]) -> bool:
    target = normalised(mount.destination)
    if not (mount.source.is_dir() or mount.source.is_file()):
        return False
    for place in taken:
        if place == target:
            return False
        if place.is_relative_to(target) and not (mount.source / place.relative_to(target)).is_dir():
            return False
    return True


def container_spec(
    argv: tuple[str, ...],
    *,
    container: ContainerFacts,
    bindings: Iterable[Binding],
    owner: Owner,
    mark: RunMark,
) -> dict[str, Any]:
    """Return how the container of a rehearsal is created, in the words of the Docker SDK.

    The server's program instead of the image's entrypoint (which may initialise an empty directory), as the files'
    owner, without network and capabilities. The live container's environment is not given: it holds passwords.
    """
    spec: dict[str, Any] = {
        "image": container.image_id,
        "name": f"octeth-backupd-{mark.run_id}-rehearsal-{secrets.token_hex(3)}",
        "entrypoint": [argv[0]],
        "command": list(argv[1:]),
        "environment": {"LC_ALL": "C", "HOME": "/nonexistent", **mark.environment()},
        "labels": mark.labels(),
        "mounts": [
            {
                "Type": "bind",
                "Source": str(binding.source),
                "Target": str(binding.target),
                "ReadOnly": binding.read_only,
            }
            for binding in bindings
        ],
        "network_mode": "none",
        "user": f"{owner.user_id}:{owner.group_id}",
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges", "label=disable"],
        "pids_limit": THREAD_LIMIT,
        "restart_policy": {"Name": "no"},
        "healthcheck": {"test": ["NONE"]},
    }
    if container.memory_limit_bytes:
        spec["mem_limit"] = container.memory_limit_bytes
    return spec


@contextmanager
def container_server(
    docker: Docker, spec: Mapping[str, Any], *, on_line: Callable[[str], None]
) -> Iterator[RehearsalServer]:
    """Start a server in a container, and remove the container at the end of the block, however that ends.

    Args:
        docker: Where.
        spec: See ``container_spec``.
        on_line: Called for each line that it prints, in a thread of its own.

    Raises:
        DockerError: The engine cannot be reached or refused; the program is not in the image.
        NotFoundError: The image is gone.
    """
    container_id = docker.create_sidecar(**spec)
    server = _ContainerServer(docker, container_id)
    try:
        lines = docker.attach_lines(container_id)
        reader = threading.Thread(target=server.read, args=(lines, on_line), name="rehearsal-output", daemon=True)
        reader.start()
        docker.start(container_id)
        yield server
    except BaseException:
        _remove_quietly(docker, container_id)
        raise
    docker.remove(container_id, force=True)


class _ContainerServer:
    """See RehearsalServer."""

    def __init__(self, docker: Docker, container_id: str) -> None:
        self._docker = docker
        self._container_id = container_id
        self._lines: list[str] = []

    def read(self, lines: Iterable[str], on_line: Callable[[str], None]) -> None:
        """Take its lines until they end; when the engine's connection breaks, the rest is lost."""
        try:
            for line in lines:
                self._lines = [*self._lines[-19:], line]
                on_line(line)
        except BackupdError:
            return

    def ended(self) -> int | None:
        """See RehearsalServer.ended."""
        try:
            state = self._docker.inspect_container(self._container_id)["State"]
        except NotFoundError:
            return -1
        if state["Running"]:
            return None
        return self._docker.wait(self._container_id, EXIT_CODE_TIMEOUT_SECONDS)

    def terminate(self) -> None:
        """See RehearsalServer.terminate."""
        self._docker.kill(self._container_id, "SIGTERM")

    def kill(self) -> None:
        """See RehearsalServer.kill."""
        self._docker.kill(self._container_id, "SIGKILL")

    def last_words(self) -> tuple[str, ...]:
        """See RehearsalServer.last_words."""
        return tuple(self._lines)


def _remove_quietly(docker: Docker, container_id: str) -> None:
    """Remove a container while an error is on its way; what stays is found by its labels later."""
    try:
        docker.remove(container_id, force=True)
    except BackupdError:
        return
