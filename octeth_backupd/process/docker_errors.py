"""What a failure of the Docker engine means, in our words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from octeth_backupd.errors import BackupdError, DockerError

if TYPE_CHECKING:
    from collections.abc import Iterator


_REFUSED: Final = "These are Docker's own words; its log may say more: journalctl -u docker."
_MOUNT: Final = (
    "Docker cannot mount a directory of this host into a container: see whether it is there, on a file system that "
    "Docker reaches and may share; its log may say more: journalctl -u docker."
)


def connection_error(error: BaseException, host: str) -> DockerError:
    """Return why the engine at ``host`` cannot be reached.

    The Docker SDK raises the same class for a missing socket, a forbidden one and an engine that is down; the reason
    is only in the exceptions behind it.
    """
    causes = tuple(_causes(error))
    if any(isinstance(cause, PermissionError) for cause in causes):
        return DockerError(
            f"access to the Docker engine at {host} is denied",
            hint="Run the daemon as root, or add its user to the group that owns the socket (usually docker).",
        )
    if any(isinstance(cause, FileNotFoundError) for cause in causes):
        return DockerError(
            f"there is no Docker engine at {host}: the socket does not exist",
            hint="Start Docker (systemctl start docker), or set [docker] host to where its socket is.",
            retryable=True,
        )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return DockerError(
            f"the Docker engine at {host} is down: nobody listens there",
            hint="Start Docker (systemctl start docker) and look at its log (journalctl -u docker).",
            retryable=True,
        )
    if any(isinstance(cause, TimeoutError) or "timed out" in str(cause).lower() for cause in causes):
        return DockerError(
            f"the Docker engine at {host} does not answer in time",
            hint="Look at its log (journalctl -u docker); it may be hanging or very busy.",
            retryable=True,
        )
    return DockerError(
        f"the Docker engine at {host} cannot be reached: {error}",
        hint="Check [docker] host and that `docker info` works on this machine.",
        retryable=True,
    )


def refused_error(explanation: str, action: str) -> BackupdError:
    """Return the engine's own refusal of a call.

    Args:
        explanation: The engine's words.
        action: What was asked of it, such as "start container x".
    """
    words = explanation.strip().rstrip(".")
    return DockerError(f"the Docker engine refused to {action}: {words}", hint=_MOUNT if "mount" in words else _REFUSED)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all behind it: causes, contexts, and those that libraries keep in their arguments."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [cause for cause in (current.__cause__, current.__context__) if cause is not None]
        for argument in current.args:
            if isinstance(argument, BaseException):
                waiting.append(argument)
            elif isinstance(argument, tuple):
                waiting += [part for part in argument if isinstance(part, BaseException)]
