"""Bodies that can be sent again, slowed down and stopped."""

from __future__ import annotations

import pytest

from octeth_backupd.errors import CancelledError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.s3_body import Body, RateLimit, in_memory
from tests.fakes.clock import FakeClock

DATA = bytes(range(256)) * 4096


class _Waiting(Cancellation):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.waited_seconds = 0.0

    def wait(self, timeout_seconds: float) -> bool:
        self.waited_seconds += timeout_seconds
        self._clock.go(timeout_seconds)
        return self.is_cancelled


@pytest.fixture
def token() -> _Waiting:
    return _Waiting(FakeClock())


def _body(token: _Waiting, bytes_per_second: int = 0) -> Body:
    return Body(in_memory(DATA), len(DATA), RateLimit(bytes_per_second, token._clock), token)


def _all(body: Body) -> bytes:
    return b"".join(iter(lambda: bytes(body.read(16384)), b""))


def test_body_is_read_whole_as_often_as_it_is_sent(token: _Waiting) -> None:
    body = _body(token)

    first = _all(body)
    body.seek(0)

    assert first == _all(body) == DATA
    assert (len(body), body.tell()) == (len(DATA), len(DATA))


def test_reading_for_the_signature_is_not_slowed_down(token: _Waiting) -> None:
    _all(_body(token, bytes_per_second=1))

    assert token.waited_seconds == 0


def test_sending_keeps_to_the_limit(token: _Waiting) -> None:
    body = _body(token, bytes_per_second=len(DATA) // 4)
    body.sending()

    _all(body)

    assert 2.9 <= token.waited_seconds <= 4


def test_limit_is_shared_by_all_bodies(token: _Waiting) -> None:
    limit = RateLimit(len(DATA), token._clock)
    for _ in range(3):
        body = Body(in_memory(DATA), len(DATA), limit, token)
        body.sending()
        _all(body)

    assert 2.7 <= token.waited_seconds <= 3


def test_body_of_a_cancelled_upload_stops_in_the_middle(token: _Waiting) -> None:
    body = _body(token)
    body.sending()
    body.read(1)
    token.cancel(CancelledError("by the test"))

    with pytest.raises(CancelledError, match="by the test"):
        body.read(1)


def test_body_sent_again_is_signed_without_limit_first(token: _Waiting) -> None:
    body = _body(token, bytes_per_second=1)
    body.sending()
    body.seek(0)

    _all(body)

    assert token.waited_seconds == 0
