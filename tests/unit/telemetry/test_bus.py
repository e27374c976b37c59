"""The event bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.events import Event, StepStarted
from octeth_backupd.telemetry.bus import EventBus
from tests.fakes.runs import AT

if TYPE_CHECKING:
    import pytest

EVENT = StepStarted(run_id="r", server="oempro", at=AT, step="backup")


def test_every_subscriber_gets_every_event_in_order() -> None:
    bus, first, second = EventBus(), [], []  # type: ignore[var-annotated]
    bus.subscribe(first.append)
    bus.subscribe(second.append)

    bus.publish(EVENT)
    bus.publish(EVENT)

    assert first == second == [EVENT, EVENT]


def test_a_failing_subscriber_is_logged_and_does_not_hurt_the_others(caplog: pytest.LogCaptureFixture) -> None:
    bus: EventBus = EventBus()
    seen: list[Event] = []

    def fail(_event: Event) -> None:
        raise RuntimeError("full disk")

    bus.subscribe(fail)
    bus.subscribe(seen.append)

    bus.publish(EVENT)

    assert seen == [EVENT]


def test_a_subscription_ends_with_its_block() -> None:
    bus: EventBus = EventBus()
    seen: list[Event] = []

    with bus.subscribed(seen.append):
        bus.publish(EVENT)
    bus.publish(EVENT)

    assert seen == [EVENT]
