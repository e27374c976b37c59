"""The one door to systemd's notification socket; without systemd every call is a no-op.

Source:
    sd_notify(3).
"""

from __future__ import annotations

import os
import threading
import time

import sdnotify

from octeth_backupd.domain.events import Event, RunFinished, RunStarted, StepProgress, StepStarted

_MIB = 1 << 20


class Systemd:
    """Say READY, STATUS, WATCHDOG, RELOADING and STOPPING."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._lock = threading.Lock()
        self._active: dict[str, str] = {}

    def ready(self, status: str) -> None:
        """Say that the daemon serves; the status is that of the running steps, where there are any."""
        with self._lock:
            shown = "; ".join(self._active.values()) or status
        self._notifier.notify(f"READY=1\nSTATUS={shown}")

    def status(self, text: str) -> None:
        """Set the line that ``systemctl status`` shows."""
        self._notifier.notify(f"STATUS={text}")

    def alive(self) -> None:
        """Reset the watchdog."""
        self._notifier.notify("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that the configuration is being read again; ``ready`` ends it."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notifier.notify(f"RELOADING=1\nMONOTONIC_USEC={microseconds}")

    def stopping(self) -> None:
        """Say that the daemon ends."""
        self._notifier.notify("STOPPING=1\nSTATUS=stopping")

    def extend_stop(self, seconds: float) -> None:
        """Ask for more time to end than ``TimeoutStopSec`` leaves: so long from now on."""
        self._notifier.notify(f"EXTEND_TIMEOUT_USEC={int(seconds * 1_000_000)}")

    def follow(self, event: Event) -> None:
        """Show the running steps in STATUS; a subscriber of the bus."""
        idle = "idle"
        with self._lock:
            match event:
                case RunStarted(run=run):
                    self._active[event.run_id] = f"{event.server}: {run.operation}"
                case StepStarted(step=step):
                    self._active[event.run_id] = f"{event.server}: {step}"
                case StepProgress(step=step, done_bytes=done, total_bytes=total):
                    share = f" {min(99, 100 * done // total)} %" if total else f" {done // _MIB} MiB"
                    self._active[event.run_id] = f"{event.server}: {step}{share}"
                case RunFinished(run=run):
                    self._active.pop(event.run_id, None)
                    idle = f"idle; last run of {event.server}: {run.status}"
                case _:
                    return
            self.status("; ".join(self._active.values()) or idle)


def watchdog_interval_seconds() -> float:
    """Return how often to reset the watchdog: a third of what the unit asks for, or 0 for never."""
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdecimal() or os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    return int(microseconds) / 3_000_000
