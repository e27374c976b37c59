"""A power switch in memory; it passes the contract of the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.journal import RestartPolicy
from octeth_backupd.errors import ServerError, ServerStillRunningError
from octeth_backupd.servers.power.base import POLL_SECONDS, PowerState
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.errors import BackupdError


class FakePower:
    """See servers.power.base.Power.

    Attributes:
        calls: What changed it, in order.
        ignores_stop: It goes on when it is asked to stop.
        error: Raised by every call while it is set.
        start_error: Raised by ``start`` while it is set.
        neighbours: Containers that mount any directory.
    """

    def __init__(
        self, *, clock: Clock | None = None, policy: RestartPolicy = RestartPolicy(name="always"), running: bool = True
    ) -> None:
        self._clock = clock or FakeClock()
        self.exists = True
        self.running = running
        self.policy = policy
        self.exit_code = 0
        self.ignores_stop = False
        self.error: BackupdError | None = None
        self.start_error: BackupdError | None = None
        self.neighbours: tuple[str, ...] = ()
        self.lines: list[str] = []
        self.calls: list[str] = []

    def state(self) -> PowerState:
        self._may_fail()
        if not self.exists:
            return PowerState(exists=False)
        return PowerState(
            exists=True,
            container_id="c0ffee",
            is_running=self.running,
            policy=self.policy,
            exit_code=None if self.running else self.exit_code,
        )

    def fence(self) -> None:
        self._may_fail()
        self.calls.append("fence")
        self.policy = RestartPolicy()

    def unfence(self, policy: RestartPolicy) -> None:
        self._may_fail()
        self.calls.append("unfence")
        self.policy = policy

    def stop(self, *, timeout_seconds: float, wait: Callable[[float], None]) -> None:
        self._may_fail()
        self.calls.append("stop")
        deadline = self._clock.monotonic_seconds() + timeout_seconds
        while self.exists and self.running:
            if not self.ignores_stop:
                self.running = False
            elif self._clock.monotonic_seconds() >= deadline:
                raise ServerStillRunningError("it still runs")
            else:
                wait(POLL_SECONDS)

    def end(self) -> None:
        self._may_fail()
        self.calls.append("end")
        if self.running:
            self.running, self.exit_code = False, 137

    def start(self, _policy: RestartPolicy | None = None, /) -> None:
        self._may_fail()
        self.calls.append("start")
        if self.start_error is not None:
            raise self.start_error
        if not self.exists:
            raise ServerError("it does not exist any more")
        if not self.running:
            self.running, self.lines = True, []

    def log_since(self, at: datetime) -> tuple[str, ...]:
        self._may_fail()
        return tuple(self.lines)

    def other_users(self, paths: Iterable[Path]) -> tuple[str, ...]:
        self._may_fail()
        return self.neighbours

    def _may_fail(self) -> None:
        if self.error is not None:
            raise self.error
