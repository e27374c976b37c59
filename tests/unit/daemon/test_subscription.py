"""One client's view of one run."""

from __future__ import annotations

from octeth_backupd.daemon.subscription import QUEUE_EVENTS, RunSubscription, subscribed
from octeth_backupd.domain.events import ProgramOutput, StepStarted
from octeth_backupd.telemetry.bus import EventBus
from tests.fakes.runs import AT


def _step(run_id: str = "r1") -> StepStarted:
    return StepStarted(run_id=run_id, server="oempro", at=AT, step="backup")


def _output() -> ProgramOutput:
    return ProgramOutput(run_id="r1", server="oempro", at=AT, program="tar", line="a line")


def test_events_of_the_run_come_in_order_and_those_of_others_do_not() -> None:
    bus = EventBus()

    with subscribed(bus, "r1") as subscription:
        for event in (_step(), _step("r2"), _output()):
            bus.publish(event)

        assert [subscription.get(0), subscription.get(0), subscription.get(0)] == [_step(), _output(), None]


def test_after_the_block_nothing_is_kept() -> None:
    bus = EventBus()
    with subscribed(bus, "r1") as subscription:
        pass

    bus.publish(_step())

    assert subscription.get(0) is None


def test_a_client_that_does_not_read_loses_output_but_never_a_step() -> None:
    subscription = RunSubscription("r1")
    for _ in range(QUEUE_EVENTS + 50):
        subscription.take(_output())

    subscription.take(_step())

    received = []
    while (event := subscription.get(0)) is not None:
        received.append(event)
    assert len(received) == QUEUE_EVENTS + 1
    assert received[-1] == _step()
