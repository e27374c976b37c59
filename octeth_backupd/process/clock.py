"""The real clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """See domain.clock.Clock."""

    def now(self) -> datetime:
        """See Clock.now."""
        return datetime.now(UTC)

    def monotonic_seconds(self) -> float:
        """See Clock.monotonic_seconds."""
        return time.monotonic()
