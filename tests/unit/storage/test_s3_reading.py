"""Objects read ahead: in order, whole, and over broken connections."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.storage.s3_reading import RangedReader

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = bytes(range(256)) * 40


def _reader(fetch: Callable[[int, int, bytearray], None], *, patience_seconds: float = 30) -> RangedReader:
    return RangedReader(
        fetch, len(DATA), clock=SystemClock(), patience_seconds=patience_seconds, range_bytes=1000, ranges_ahead=3
    )


def _fetch(offset: int, size_bytes: int, into: bytearray) -> None:
    into += DATA[offset : offset + size_bytes]


def test_bytes_come_in_their_order_in_any_pieces() -> None:
    with _reader(_fetch) as reader:
        pieces = [reader.read(7), reader.read(0), reader.read(2500), reader.read1(100)]
        position = reader.tell()
        rest = reader.read()

        assert b"".join(pieces) + rest == DATA
        assert position == sum(map(len, pieces))
        assert (reader.read(), reader.read(1), reader.read1()) == (b"", b"", b"")


def test_buffers_are_filled_as_far_as_there_is_something() -> None:
    with _reader(_fetch) as reader:
        buffer = bytearray(len(DATA) + 5)

        assert reader.readinto(buffer) == len(DATA)
        assert buffer[: len(DATA)] == DATA


def test_reader_can_be_wrapped_like_any_file() -> None:
    with _reader(_fetch) as reader, io.BufferedReader(reader, 64) as wrapped:
        assert wrapped.read() == DATA


def test_empty_object_has_no_bytes() -> None:
    with RangedReader(_fetch, 0, clock=SystemClock(), patience_seconds=0) as reader:
        assert reader.read() == b""


def test_no_more_is_fetched_ahead_than_was_allowed() -> None:
    asked: list[int] = []
    third = threading.Event()

    def fetch(offset: int, size_bytes: int, into: bytearray) -> None:
        asked.append(offset // 1000)
        _fetch(offset, size_bytes, into)
        if len(asked) == 3:
            third.set()

    with _reader(fetch) as reader:
        assert third.wait(10)
        before = sorted(asked)
        reader.read(1)

        assert before == [0, 1, 2]
        assert reader.read() == DATA[1:]


def test_range_that_breaks_off_is_gone_on_with_where_it_broke() -> None:
    asked: list[tuple[int, int]] = []

    def fetch(offset: int, size_bytes: int, into: bytearray) -> None:
        asked.append((offset, size_bytes))
        if offset == 1000:
            into += DATA[1000:1400]
            raise StorageError("reset", retryable=True)
        _fetch(offset, size_bytes, into)

    with _reader(fetch) as reader:
        assert reader.read() == DATA

    assert (1400, 600) in asked


def test_what_cannot_be_had_is_told_to_the_reader() -> None:
    def fetch(offset: int, size_bytes: int, into: bytearray) -> None:
        if offset >= 2000:
            raise StorageError("it was replaced while it was read")
        _fetch(offset, size_bytes, into)

    with _reader(fetch) as reader, pytest.raises(StorageError, match="replaced"):
        reader.read()


@pytest.mark.parametrize("wrong", [b"", b"x" * 2000])
def test_range_of_another_length_is_an_error(wrong: bytes) -> None:
    def fetch(offset: int, size_bytes: int, into: bytearray) -> None:
        into += wrong

    with _reader(fetch, patience_seconds=0) as reader, pytest.raises(StorageError):
        reader.read()


def test_closing_wakes_whoever_waits() -> None:
    held = threading.Event()
    waits = threading.Event()

    def fetch(offset: int, size_bytes: int, into: bytearray) -> None:
        waits.set()
        held.wait(10)

    reader = _reader(fetch)

    def close() -> None:
        waits.wait(10)
        reader.close()

    closer = threading.Thread(target=close)
    closer.start()
    with pytest.raises(StorageError, match="closed"):
        reader.read()
    held.set()
    closer.join()
