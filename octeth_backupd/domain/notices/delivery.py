"""A delivery: one notice on its way to one notifier. When it is tried, and when it is not tried any more.

A waiting delivery ends in one of three ways: sent, given up after seven days in which it was tried, or superseded
because it says nothing: it is late, or its notifier has no word for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.notice import NoticeKind

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.notices.notice import Notice

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)
REFUSED_DELAY = timedelta(minutes=15)
"""How long a notice that was refused for good waits: somebody may mend the settings, or the receiver."""
LONGEST_RETRY_AFTER = timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=7)
START_IS_STALE_AFTER = timedelta(minutes=10)
_MOST_DOUBLINGS = 12


class DeliveryState(StrEnum):
    """What became of a delivery; all but the first are final."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A notice for a notifier.

    Attributes:
        delivery_id: Given by the catalog; deliveries of a notifier are sent in its order.
        tries: How often it was tried and failed.
        last_error: Why the last try failed, redacted; empty when none did.
    """

    delivery_id: int
    notifier: str
    notice: Notice
    state: DeliveryState
    tries: int
    next_try_at: datetime
    last_error: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierStanding:
    """What the catalog knows of a notifier.

    Attributes:
        waiting: How many deliveries wait.
        waiting_since: When the oldest of them was made.
        next_try_at: When the first of them is tried, again where some failed; not later than now: it is being tried.
        last_sent_at: When one arrived last.
        last_failed_at: When a try failed last, of what waits or was given up.
        last_error: What it said; empty once everything has arrived since.
        given_up: How many were given up and are still in the catalog.
    """

    notifier: str
    waiting: int = 0
    waiting_since: datetime | None = None
    next_try_at: datetime | None = None
    last_sent_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_error: str = ""
    given_up: int = 0

    @property
    def is_failing(self) -> bool:
        """Return whether something waits that was tried and did not arrive."""
        return self.waiting > 0 and bool(self.last_error)


def next_try(now: datetime, *, tries: int, is_retryable: bool, retry_after_seconds: float | None = None) -> datetime:
    """Return when a delivery is tried again that just failed.

    Args:
        now: When it failed.
        tries: How often it has failed, this time included.
        is_retryable: The same call may succeed later without anybody changing anything.
        retry_after_seconds: What the receiver asked for.
    """
    if retry_after_seconds is not None:
        longest = LONGEST_RETRY_AFTER.total_seconds()
        return now + timedelta(seconds=min(max(retry_after_seconds, FIRST_DELAY.total_seconds()), longest))
    if not is_retryable:
        return now + REFUSED_DELAY
    doublings = min(tries - 1, _MOST_DOUBLINGS)
    return now + min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)


def end_untried(delivery: Delivery, now: datetime, *, is_moot: bool = False) -> DeliveryState | None:
    """Return how a waiting delivery ends without being tried once more; None: it is tried.

    Args:
        delivery: Which.
        now: The time.
        is_moot: A later notice, that its problem is over, has arrived, so that it would read as news; or its notifier
            has no word for it.
    """
    age = now - delivery.created_at
    if is_moot or (delivery.notice.kind is NoticeKind.START and age > START_IS_STALE_AFTER):
        return DeliveryState.SUPERSEDED
    # Its age is that of the clock, which may have been wrong when it was made: it is tried once in any case.
    return DeliveryState.GIVEN_UP if age > GIVEN_UP_AFTER and delivery.tries else None
