"""Refuse a container that cannot answer, before anything hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.errors import ServerUnreachableError

if TYPE_CHECKING:
    from octeth_backupd.domain.server import ContainerFacts


def require_running(container: ContainerFacts) -> None:
    """Pass when the container runs; a paused one would accept connections and never answer.

    Raises:
        ServerUnreachableError: It does not; the hint is the command that makes it run.
    """
    name = container.name
    if container.paused:
        raise ServerUnreachableError(f"container {name} is paused", hint=f"Run: docker unpause {name}", retryable=True)
    if container.restarting:
        raise ServerUnreachableError(
            f"container {name} is restarting: its server ends again and again",
            hint=f"See why: docker logs --tail 50 {name}",
            retryable=True,
        )
    if container.status != "running":
        raise ServerUnreachableError(
            f"container {name} is stopped ({container.status or 'state unknown'})",
            hint=f"Run: docker start {name}; if it stops again, see: docker logs --tail 50 {name}",
            retryable=True,
        )
