"""What the daemon asks of time; the real clock is ``process.clock``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Time as it is injected everywhere; tests bring their own."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    def monotonic_seconds(self) -> float:
        """Return a time that never jumps, for durations and limits."""
