"""The one door to systemd's notification socket; without systemd every call is a no-op.

Source:
    sd_notify(3).
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import sdnotify

from octeth_backupd.daemon.status_line import idle_line, is_told, step_line
from octeth_backupd.domain.events import Event, RunFinished, RunStarted, StepProgress, StepStarted

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run


class Systemd:
    """Say READY, STATUS, WATCHDOG, RELOADING and STOPPING."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._lock = threading.Lock()
        self._active: dict[str, str] = {}
        self._last: Run | None = None

    def remember(self, last: Run | None) -> None:
        """Take over the last result from before the start."""
        with self._lock:
            self._last = last

    def ready(self, status: str = "") -> None:
        """Say that the daemon serves; the status is that of the running steps, or this one, or the last result."""
        with self._lock:
            shown = "; ".join(self._active.values()) or status or idle_line(self._last)
        self._say(f"READY=1\nSTATUS={shown}")

    def status(self, text: str) -> None:
        """Set the line that ``systemctl status`` shows."""
        self._say(f"STATUS={text}")

    def alive(self) -> None:
        """Reset the watchdog."""
        self._say("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that the configuration is being read again; ``ready`` ends it."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._say(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """Say that the daemon ends."""
        self._say("STOPPING=1\nSTATUS=stopping")

    def extend_stop(self, seconds: float) -> None:
        """Ask for more time to end than ``TimeoutStopSec`` leaves: so long from now on."""
        self._say(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def follow(self, event: Event) -> None:
        """Show the running steps in STATUS; a subscriber of the bus."""
        with self._lock:
            match event:
                case RunStarted(run=run):
                    self._active[event.run_id] = f"{event.server}: {run.operation}"
                case StepStarted(step=step):
                    self._active[event.run_id] = f"{event.server}: {step}"
                case StepProgress():
                    self._active[event.run_id] = step_line(event)
                case RunFinished(run=run):
                    self._active.pop(event.run_id, None)
                    self._last = run if is_told(run) else self._last
                case _:
                    return
            self.status("; ".join(self._active.values()) or idle_line(self._last))

    def _say(self, message: str) -> None:
        """Send a message as UTF-8; sdnotify takes characters for bytes, and drops a message with others: READY, too."""
        self._notifier.notify(message.encode().decode("latin-1"))


def watchdog_interval_seconds() -> float:
    """Return how often to reset the watchdog: a third of what the unit asks for, or 0 for never."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    return int(microseconds) / 3_000_000
