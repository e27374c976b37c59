"""Trying again less and less often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """When something that failed is tried again.

    Attributes:
        next_at: Not before this.
        delay: How long after the failure that is.
    """

    next_at: datetime
    delay: timedelta


def put_off(last: Backoff | None, now: datetime, *, first: timedelta, longest: timedelta) -> Backoff:
    """Return when to try again after a failure now: twice as long as the last time, within limits.

    Args:
        last: After the failure before; None for the first in a row.
        now: When it failed.
        first: The delay after the first failure.
        longest: No delay is longer.
    """
    delay = first if last is None else min(2 * last.delay, longest)
    return Backoff(next_at=now + delay, delay=delay)
