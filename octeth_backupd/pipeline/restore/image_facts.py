"""Asking an image about the programs in it, by throwaway containers: what works when the server's own does not.

They have no network, no rights but to read, and nothing of the server's environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from octeth_backupd.errors import DockerError, ProgramTimeoutError
from octeth_backupd.pipeline.restore.server_program import ASK_TIMEOUT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from octeth_backupd.domain.server import Mount
    from octeth_backupd.pipeline.restore.server_program import Ask
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.process.mark import RunMark


def in_image(docker: Docker, *, image: str, mounts: Iterable[Mount], mark: RunMark) -> Ask:
    """Return how to ask the programs of an image.

    Asking raises ``DockerError`` when the engine is away, ``NotFoundError`` when the image is not on this machine.

    Args:
        docker: The engine.
        image: Id or name.
        mounts: Of the server's container; those that exist are mounted read-only, none is ever made.
        mark: Of the run that asks: whatever is left of a killed daemon's questions is found by it.
    """
    known = tuple(mounts)

    def ask(program: str, arguments: Sequence[str]) -> str | None:
        container_id = docker.create_sidecar(
            image=image,
            entrypoint=[program],
            command=list(arguments),
            environment={"LC_ALL": "C", "TZ": "UTC"},
            labels=mark.labels(),
            mounts=[_read_only(mount) for mount in known if mount.source.exists()],
            network_mode="none",
            user="0:0",
            cap_drop=["ALL"],
            cap_add=["DAC_READ_SEARCH"],
            security_opt=["no-new-privileges", "label=disable"],
            restart_policy={"Name": "no"},
            healthcheck={"test": ["NONE"]},
        )
        try:
            return _output(docker, container_id)
        finally:
            docker.remove(container_id)

    return ask


def _output(docker: Docker, container_id: str) -> str | None:
    lines = docker.attach_lines(container_id)
    try:
        docker.start(container_id)
    except DockerError as error:
        if error.retryable:
            raise
        return None  # the engine's way to say that the image has no such program
    try:
        exit_code = docker.wait(container_id, ASK_TIMEOUT_SECONDS)
    except ProgramTimeoutError:
        return None
    output = "\n".join(lines)
    return output if exit_code == 0 else None


def _read_only(mount: Mount) -> dict[str, Any]:
    return {"Type": "bind", "Source": str(mount.source), "Target": str(mount.destination), "ReadOnly": True}
