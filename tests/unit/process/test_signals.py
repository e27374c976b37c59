"""Requests to end that wait."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.process.signals import deferred_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def arrived() -> Iterator[list[int]]:
    """Yield what arrives at the handlers outside of the block."""
    numbers: list[int] = []
    before = {number: signal.signal(number, lambda came, _frame: numbers.append(came)) for number in REQUESTS}
    yield numbers
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", REQUESTS)
def test_request_arrives_at_the_end_of_the_block(number: signal.Signals, arrived: list[int]) -> None:
    with deferred_requests():
        signal.raise_signal(number)
        within = list(arrived)

    assert (within, arrived) == ([], [number])


def test_request_arrives_although_the_block_fails(arrived: list[int]) -> None:
    with pytest.raises(ValueError, match="failed"), deferred_requests():
        signal.raise_signal(signal.SIGHUP)
        raise ValueError("failed")

    assert arrived == [signal.SIGHUP]


def test_requests_arrive_at_once_after_the_block(arrived: list[int]) -> None:
    with deferred_requests():
        pass

    signal.raise_signal(signal.SIGTERM)

    assert arrived == [signal.SIGTERM]


def test_another_thread_changes_nothing(arrived: list[int]) -> None:
    seen: list[object] = []

    def look() -> None:
        with deferred_requests():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [signal.getsignal(signal.SIGINT)]
    assert arrived == []
