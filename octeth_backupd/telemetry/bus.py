"""The event bus: what happens in runs, told to everybody who subscribed.

Publishing is synchronous, in the publisher's thread. A subscriber that fails is logged and never hurts the run; one
that blocks would, so subscribers hand over (a queue, a row) and return.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.domain.events import Event

_log = structlog.get_logger("bus")


class EventBus:
    """Deliver each event to each subscriber, in the order of subscription."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscribers: list[Callable[[Event], None]] = []

    def subscribe(self, subscriber: Callable[[Event], None]) -> None:
        """Call ``subscriber`` with every event from now on."""
        with self._lock:
            self._subscribers = [*self._subscribers, subscriber]

    @contextmanager
    def subscribed(self, subscriber: Callable[[Event], None]) -> Iterator[None]:
        """Subscribe for the length of a block."""
        self.subscribe(subscriber)
        try:
            yield
        finally:
            with self._lock:
                self._subscribers = [known for known in self._subscribers if known is not subscriber]

    def publish(self, event: Event) -> None:
        """Tell everybody."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:  # noqa: BLE001 - a failing subscriber must never fail a backup
                _log.exception("event.subscriber_failed", run_id=event.run_id, event_type=type(event).__name__)
