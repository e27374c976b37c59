"""Insisting: on what passes, for as long as there is hope, never on what cannot succeed."""

from __future__ import annotations

import pytest

from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.s3_retry import Insistence
from tests.fakes.clock import FakeClock


class _Waiting(Cancellation):
    """A token whose waiting is the fake clock's, with what was waited for."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.waited: list[float] = []

    def wait(self, timeout_seconds: float) -> bool:
        self.waited.append(timeout_seconds)
        self._clock.go(timeout_seconds)
        return self.is_cancelled


class _Flaky:
    def __init__(self, failures: int, *, retryable: bool = True) -> None:
        self.calls = 0
        self._failures = failures
        self._retryable = retryable

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self._failures:
            raise StorageError(f"attempt {self.calls}", retryable=self._retryable)
        return "done"


@pytest.fixture
def token() -> _Waiting:
    return _Waiting(FakeClock())


def _insist(token: _Waiting, patience_seconds: float = 60) -> Insistence:
    return Insistence(token, token._clock, patience_seconds)


def test_pauses_double_up_to_half_a_minute(token: _Waiting) -> None:
    assert _insist(token, 1000)(_Flaky(8)) == "done"

    assert token.waited == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_what_cannot_succeed_is_tried_once(token: _Waiting) -> None:
    flaky = _Flaky(1, retryable=False)

    with pytest.raises(StorageError):
        _insist(token)(flaky)

    assert (flaky.calls, token.waited) == (1, [])


def test_patience_ends_and_the_last_error_is_told(token: _Waiting) -> None:
    with pytest.raises(StorageError, match="attempt 6"):
        _insist(token, 20)(_Flaky(100))

    assert sum(token.waited) <= 20


def test_progress_renews_patience(token: _Waiting) -> None:
    flaky = _Flaky(50)

    assert _insist(token, 5)(flaky, position=lambda: flaky.calls) == "done"

    assert set(token.waited) == {0.5}


def test_cancelled_waiting_ends_with_the_reason(token: _Waiting) -> None:
    def fail() -> None:
        token.cancel(CancelledError("by the test"))
        raise StorageError("reset", retryable=True)

    with pytest.raises(CancelledError, match="by the test"):
        _insist(token)(fail)
