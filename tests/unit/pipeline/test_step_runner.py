"""Steps: timed, told, cancellable."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.events import StepFinished
from octeth_backupd.errors import CancelledError, EngineError, SpaceError
from octeth_backupd.pipeline.step_runner import StepRunner
from tests.fakes.runs import RecordedContext


def _last(recorded: RecordedContext) -> StepFinished:
    event = recorded.events[-1]
    assert isinstance(event, StepFinished)
    return event


def test_a_step_begins_and_ends_on_the_bus_with_its_duration() -> None:
    recorded = RecordedContext()

    with StepRunner(recorded.context).step("backup"):
        recorded.clock.go(2.5)

    assert recorded.names() == ["StepStarted", "StepFinished"]
    assert (_last(recorded).status, _last(recorded).duration_seconds) == (RunStatus.SUCCESS, 2.5)


def test_an_error_passes_through_and_is_told() -> None:
    recorded = RecordedContext()

    with pytest.raises(EngineError), StepRunner(recorded.context).step("backup"):
        raise EngineError("exit code 1")

    assert (_last(recorded).status, _last(recorded).error) == (RunStatus.FAILED, "exit code 1")


def test_a_foreign_error_is_told_as_failed_too() -> None:
    recorded = RecordedContext()

    with pytest.raises(ZeroDivisionError), StepRunner(recorded.context).step("backup"):
        raise ZeroDivisionError

    assert _last(recorded).status is RunStatus.FAILED


def test_no_step_begins_once_the_run_is_cancelled() -> None:
    recorded = RecordedContext()
    recorded.context.cancellation.cancel()

    with pytest.raises(CancelledError), StepRunner(recorded.context).step("backup"):
        raise AssertionError("must not run")

    assert recorded.events == []


def test_a_step_that_did_not_notice_its_cancellation_is_no_success() -> None:
    recorded = RecordedContext()

    with pytest.raises(SpaceError), StepRunner(recorded.context).step("backup"):
        recorded.context.cancellation.cancel(SpaceError("disk would be full"))

    assert _last(recorded).error == "disk would be full"


def test_a_step_that_cannot_be_cancelled_begins_and_stands_whatever_was_asked() -> None:
    recorded = RecordedContext()
    recorded.context.cancellation.cancel()
    worked = []

    with StepRunner(recorded.context).step("record", cancellable=False):
        worked.append(True)

    assert worked == [True]
    assert _last(recorded).status is RunStatus.SUCCESS
