"""What the daemon offers to the control interface about notifiers; a part of control.services.Services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierStatus:
    """How a notifier stands.

    Attributes:
        endpoint: Where it sends to, without anything secret.
        on: Of what it tells.
        state: ``ok``; ``failing`` while something waits that did not arrive; ``unused`` when nothing was ever sent.
        waiting: How many notices wait.
        waiting_since: When the oldest of them was made.
        next_try_at: When the first of them is tried.
        last_sent_at: When one arrived last.
        last_failed_at: When a try failed last.
        last_error: What it said; empty when nothing waits that was tried.
        given_up: How many were given up in the last ninety days.
    """

    name: str
    kind: str
    endpoint: str
    on: tuple[str, ...]
    state: str
    waiting: int = 0
    waiting_since: datetime | None = None
    next_try_at: datetime | None = None
    last_sent_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_error: str = ""
    given_up: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifierTest:
    """What became of a test notice; ``error`` is empty when it arrived."""

    name: str
    kind: str
    endpoint: str
    duration_seconds: float
    error: str = ""
    hint: str = ""


class NotifierServices(Protocol):
    """See control.services.Services."""

    def notifiers(self) -> tuple[NotifierStatus, ...]:
        """Return how each notifier of the configuration stands, in its order; quick."""

    def test_notifiers(self, *, name: str | None, requested_by: str) -> list[NotifierTest]:
        """Send a test notice by a notifier, or by all beside each other, and wait for the outcome.

        Raises:
            NotFoundError: No such notifier, or there is none at all.
        """
