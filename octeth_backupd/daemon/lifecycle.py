"""From READY to the end: the main thread waits for signals, looks after the other threads and feeds the watchdog."""

from __future__ import annotations

import queue
import signal
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from octeth_backupd.daemon.systemd import Systemd
    from octeth_backupd.domain.clock import Clock

_log = structlog.get_logger("daemon")

TICK_SECONDS = 5.0
EXIT_UNHEALTHY = 70


class Lifecycle:
    """The main thread's loop.

    Attributes:
        wait_seconds: How long it waits for a signal before it looks around.

    Args:
        healthy: Returns what is dead ("scheduler thread"), or an empty text.
        tick: Called about every minute: wakes the scheduler (clock jumps), retries what could not be done before.
        reload: Reads the configuration again.
        stop: Ends everything in order.
    """

    def __init__(
        self,
        *,
        systemd: Systemd,
        clock: Clock,
        watchdog_seconds: float,
        healthy: Callable[[], str],
        tick: Callable[[], None],
        reload: Callable[[], None],
        stop: Callable[[], None],
        tick_every_seconds: float = 60.0,
    ) -> None:
        self._systemd = systemd
        self._clock = clock
        self.wait_seconds = min(TICK_SECONDS, watchdog_seconds) if watchdog_seconds else TICK_SECONDS
        self._healthy = healthy
        self._tick = tick
        self._reload = reload
        self._stop = stop
        self._tick_every_seconds = tick_every_seconds
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()

    def listen(self) -> None:
        """Take the signals over; from here on they are answered by ``run``."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._received)

    def run(self) -> int:
        """Serve until a signal ends it; return the exit code."""
        ticked_at = self._clock.monotonic_seconds()
        while True:
            try:
                number = self._signals.get(timeout=self.wait_seconds)
            except queue.Empty:
                number = 0
            if number == signal.SIGHUP:
                self._attempt(self._reload, "daemon.reload_failed")
            elif number:
                _log.info("daemon.stopping", signal=signal.Signals(number).name)
                self._end()
                return 0
            dead = self._healthy()
            if dead:
                _log.critical("daemon.unhealthy", dead=dead, consequence="ending, so that it is started again")
                self._end()
                return EXIT_UNHEALTHY
            self._systemd.alive()
            if self._clock.monotonic_seconds() - ticked_at >= self._tick_every_seconds:
                ticked_at = self._clock.monotonic_seconds()
                self._attempt(self._tick, "daemon.tick_failed")

    def _attempt(self, chore: Callable[[], None], failure: str) -> None:
        try:
            chore()
        except Exception:  # noqa: BLE001 - a chore that fails must not take running backups with it
            _log.exception(failure)

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self._signals.put(number)

    def _end(self) -> None:
        self._systemd.stopping()
        self._stop()
