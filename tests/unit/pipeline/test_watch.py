"""The thread beside a long step."""

from __future__ import annotations

import threading

import pytest

from octeth_backupd.domain.events import StepProgress
from octeth_backupd.errors import SpaceError
from octeth_backupd.pipeline.watch import Watch
from tests.fakes.runs import RecordedContext


def test_progress_is_told_at_the_begin_and_the_end() -> None:
    recorded = RecordedContext()
    measured = iter([0, 700])

    with Watch(recorded.context, step="backup", measure=lambda: next(measured), total_bytes=1000, interval_seconds=60):
        recorded.clock.go(7)

    told = [event for event in recorded.events if isinstance(event, StepProgress)]
    assert [(event.done_bytes, event.total_bytes) for event in told] == [(0, 1000), (700, 1000)]
    assert told[-1].rate_bytes_per_second == 100.0


def test_the_guard_cancels_the_run_with_its_reason() -> None:
    recorded = RecordedContext()
    cancelled = threading.Event()

    with (
        recorded.context.cancellation.on_cancel(cancelled.set),
        Watch(recorded.context, step="backup", measure=None, guard=lambda: "95 % of /data used", interval_seconds=0.01),
    ):
        assert cancelled.wait(10)

    with pytest.raises(SpaceError, match="95 % of /data used"):
        recorded.context.cancellation.raise_if_cancelled()


def test_a_guard_that_cannot_look_any_more_cancels_too() -> None:
    recorded = RecordedContext()
    cancelled = threading.Event()

    def vanished() -> str | None:
        raise OSError("stale file handle")

    with (
        recorded.context.cancellation.on_cancel(cancelled.set),
        Watch(recorded.context, step="backup", measure=None, guard=vanished, interval_seconds=0.01),
    ):
        assert cancelled.wait(10)

    with pytest.raises(SpaceError, match="stale file handle"):
        recorded.context.cancellation.raise_if_cancelled()


def test_a_measurement_that_fails_ends_neither_the_step_nor_the_guard() -> None:
    recorded = RecordedContext()
    cancelled = threading.Event()
    looks = iter([None, None, "95 % of /data used"])

    def vanished() -> int:
        raise FileNotFoundError("half-done file renamed")

    with (
        recorded.context.cancellation.on_cancel(cancelled.set),
        Watch(recorded.context, step="backup", measure=vanished, guard=lambda: next(looks), interval_seconds=0.01),
    ):
        assert cancelled.wait(10)

    assert recorded.events == []


def test_a_guard_with_a_defect_cancels_rather_than_let_the_disk_fill() -> None:
    recorded = RecordedContext()
    cancelled = threading.Event()

    def broken() -> str | None:
        raise ZeroDivisionError("division by zero")

    with (
        recorded.context.cancellation.on_cancel(cancelled.set),
        Watch(recorded.context, step="backup", measure=None, guard=broken, interval_seconds=0.01),
    ):
        assert cancelled.wait(10)

    with pytest.raises(SpaceError, match="division by zero"):
        recorded.context.cancellation.raise_if_cancelled()
