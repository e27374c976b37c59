"""process.cancellation."""

from __future__ import annotations

import threading

import pytest

from octeth_backupd.errors import CancelledError, SpaceError
from octeth_backupd.process.cancellation import Cancellation


def test_first_reason_stands() -> None:
    cancellation = Cancellation()

    first = cancellation.cancel(SpaceError("full"))
    second = cancellation.cancel(CancelledError("by the operator"))

    assert (first, second) == (True, False)
    with pytest.raises(SpaceError, match="full"):
        cancellation.raise_if_cancelled()


def test_reason_is_a_plain_cancellation_unless_given() -> None:
    cancellation = Cancellation()

    cancellation.cancel()

    assert cancellation.is_cancelled
    assert isinstance(cancellation.reason, CancelledError)


def test_nothing_is_raised_while_not_cancelled() -> None:
    cancellation = Cancellation()

    cancellation.raise_if_cancelled()

    assert cancellation.reason is None
    assert not cancellation.wait(0)


def test_waiting_thread_is_woken() -> None:
    cancellation = Cancellation()
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(cancellation.wait(30)))

    thread.start()
    cancellation.cancel()
    thread.join()

    assert answers == [True]


def test_callback_is_called_once_by_a_cancellation_within_the_block() -> None:
    cancellation = Cancellation()
    calls: list[str] = []

    with cancellation.on_cancel(lambda: calls.append("called")):
        cancellation.cancel()
        cancellation.cancel()

    assert calls == ["called"]


def test_callback_is_called_at_once_when_cancelled_before() -> None:
    cancellation = Cancellation()
    calls: list[str] = []
    cancellation.cancel()

    with cancellation.on_cancel(lambda: calls.append("called")):
        assert calls == ["called"]


def test_callback_is_not_called_after_the_block() -> None:
    cancellation = Cancellation()
    calls: list[str] = []

    with cancellation.on_cancel(lambda: calls.append("called")):
        pass
    cancellation.cancel()

    assert calls == []


def test_a_callback_that_fails_does_not_keep_the_others_from_being_called() -> None:
    cancellation = Cancellation()
    calls: list[str] = []

    def fails() -> None:
        raise OSError("no such process")

    with (
        cancellation.on_cancel(lambda: calls.append("before")),
        cancellation.on_cancel(fails),
        cancellation.on_cancel(lambda: calls.append("after")),
        pytest.raises(OSError, match="no such process"),
    ):
        cancellation.cancel()

    assert calls == ["before", "after"]
    assert cancellation.is_cancelled
