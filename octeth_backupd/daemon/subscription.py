"""One client's view of one run's events: a bounded queue between the bus and a stream."""

from __future__ import annotations

import queue
from contextlib import contextmanager
from typing import TYPE_CHECKING

from octeth_backupd.domain.events import Event, ProgramOutput, StepProgress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.telemetry.bus import EventBus

QUEUE_EVENTS = 1000


class RunSubscription:
    """See control.services.Subscription. A slow client loses progress and program output, never a step or the end."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._queue: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def take(self, event: Event) -> None:
        """Take an event of the bus."""
        if event.run_id != self._run_id:
            return
        if self._queue.qsize() >= QUEUE_EVENTS and isinstance(event, StepProgress | ProgramOutput):
            return
        self._queue.put(event)

    def get(self, timeout: float) -> Event | None:
        """See Subscription.get."""
        try:
            return self._queue.get(timeout=timeout)
        except queue.Empty:
            return None


@contextmanager
def subscribed(bus: EventBus, run_id: str) -> Iterator[RunSubscription]:
    """Receive a run's events for the length of a block."""
    subscription = RunSubscription(run_id)
    with bus.subscribed(subscription.take):
        yield subscription
