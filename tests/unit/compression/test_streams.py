"""compression.streams."""

from __future__ import annotations

import io

import pytest

from octeth_backupd.compression.streams import CancellableSource, decoded
from octeth_backupd.errors import SpaceError, VerificationError
from octeth_backupd.process.cancellation import Cancellation


class _Letters:
    """Decodes to a few letters, and then to an error."""

    def __init__(self, count: int, error: Exception | None = None) -> None:
        self.left = count
        self._error = error

    def readinto(self, buffer: memoryview, /) -> int:
        if not self.left and self._error is not None:
            raise self._error
        count = min(self.left, len(buffer), 3)
        buffer[:count] = b"x" * count
        self.left -= count
        return count


def test_reading_is_counted() -> None:
    source = CancellableSource(io.BytesIO(b"abcdef"), Cancellation())

    pieces = [source.read(4), source.read(4), source.read(4)]

    assert pieces == [b"abcd", b"ef", b""]
    assert source.read_bytes == 6


def test_reading_ends_with_the_reason_of_the_cancellation() -> None:
    cancellation = Cancellation()
    source = CancellableSource(io.BytesIO(b"abcdef"), cancellation)
    cancellation.cancel(SpaceError("full"))

    with pytest.raises(SpaceError, match="full"):
        source.read(1)


def test_decoder_is_read_as_a_file() -> None:
    with decoded(lambda: _Letters(10)) as plain:
        content = plain.read(4) + plain.read()

    assert content == b"x" * 10


def test_rest_is_read_at_the_end_of_the_block() -> None:
    decoder = _Letters(10)

    with decoded(lambda: decoder) as plain:
        plain.read(1)

    assert decoder.left == 0


def test_error_at_the_end_reaches_a_reader_who_has_seen_enough() -> None:
    with pytest.raises(VerificationError), decoded(lambda: _Letters(4, VerificationError("cut"))) as plain:
        assert plain.read(2) == b"xx"


def test_failed_reader_does_not_read_on() -> None:
    decoder = _Letters(5_000_000)

    with pytest.raises(LookupError), decoded(lambda: decoder):
        raise LookupError

    assert decoder.left == 5_000_000
