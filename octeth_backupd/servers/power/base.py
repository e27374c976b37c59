"""The contract of power switches: how a server is stopped, kept from starting by itself, and started.

A switch looks at the thing as it is at each call and remembers nothing: whoever resolves a crash makes a new one. All
calls may be repeated. An engine or service that is away raises an error with ``retryable=True``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.domain.restore.journal import RestartPolicy

POLL_SECONDS = 0.02
"""Between two looks at a server that stops or starts: every one of them is downtime."""
LOG_LINES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerState:
    """What is there now.

    Attributes:
        exists: Its container or unit exists.
        container_id: Empty outside Docker.
        is_running: Its first process lives; also true for one that is paused, restarting or still stopping.
        policy: What would start it by itself.
        exit_code: Of its last end; None while it runs or where nobody knows.
    """

    exists: bool
    container_id: str = ""
    is_running: bool = False
    policy: RestartPolicy | None = None
    exit_code: int | None = None


class Power(Protocol):
    """The power switch of one server. The suite in ``tests/contracts/power_contract.py`` holds every one to this."""

    def state(self) -> PowerState:
        """Return what is there now.

        Raises:
            DockerError: The engine cannot be asked (``retryable``).
            ServerError: systemd cannot be asked.
        """

    def fence(self) -> None:
        """Make sure that nothing but ``start`` starts it: no restart policy, no reboot, no engine restart."""

    def unfence(self, policy: RestartPolicy) -> None:
        """Put back what ``fence`` took away; does not start it."""

    def stop(self, *, timeout_seconds: float, wait: Callable[[float], None]) -> None:
        """Ask it to stop and wait until it has; it is never killed.

        Args:
            timeout_seconds: How long to wait.
            wait: Sleeps between two looks; may raise to end the waiting.

        Raises:
            ServerStillRunningError: It did not stop in time. It may stop any moment later.
        """

    def end(self) -> None:
        """End it by force; only for a server on restored data that did not stop and is about to be set aside."""

    def start(self, policy: RestartPolicy | None = None, /) -> None:
        """Start it; fine when it runs. Returns before it is ready.

        Args:
            policy: From before the fence: what of it must be there before the server is, is put back first.

        Raises:
            ServerError: It cannot be started; the message has the engine's words.
        """

    def log_since(self, at: datetime) -> tuple[str, ...]:
        """Return what the server wrote since a moment, at most the last 2,000 lines; empty where nobody knows."""

    def other_users(self, paths: Iterable[Path]) -> tuple[str, ...]:
        """Return the names of other running containers that mount one of these directories, a part or a parent."""
