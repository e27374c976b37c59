"""Streams that hash what passes."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO, cast
from unittest.mock import Mock

import pytest

from octeth_backupd.errors import CancelledError, StorageError
from octeth_backupd.pipeline.hashing import HashingReader, HashingWriter
from octeth_backupd.process.cancellation import Cancellation

if TYPE_CHECKING:
    from typing import Any

CONTENT = bytes(range(256)) * 5000


class ShortWriter(io.RawIOBase):
    """Takes at most 1000 bytes a call, as a raw file may."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        taken = bytes(data)[:1000]
        self.content += taken
        return len(taken)


def test_writer_hashes_and_counts_what_it_writes_even_when_the_file_takes_little_at_a_time() -> None:
    sink = ShortWriter()
    writer = HashingWriter(sink)  # type: ignore[arg-type]

    writer.write(CONTENT[:50_000])
    writer.write(CONTENT[50_000:])

    assert sink.content == CONTENT
    assert writer.written_bytes == len(CONTENT)
    assert writer.hexdigest() == hashlib.sha256(CONTENT).hexdigest()


def test_reader_hashes_what_others_read_and_the_rest_when_drained() -> None:
    reader = HashingReader(io.BytesIO(CONTENT), cancellation=Cancellation())

    first = reader.read(1000)
    reader.drain()

    assert first == CONTENT[:1000]
    assert (reader.read_bytes, reader.hexdigest()) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


def test_why_a_source_could_not_be_read_on_is_remembered() -> None:
    broken = StorageError("the connection was lost")
    source = cast("BinaryIO", Mock(readinto=Mock(side_effect=broken)))
    reader = HashingReader(source, cancellation=Cancellation())
    assert reader.failure is None

    with pytest.raises(StorageError):
        reader.read(10)

    assert reader.failure is broken


def test_reading_ends_when_the_run_is_cancelled() -> None:
    cancellation = Cancellation()
    reader = HashingReader(io.BytesIO(CONTENT), cancellation=cancellation)
    cancellation.cancel()

    with pytest.raises(CancelledError):
        reader.drain()
