"""The streams between a compressor and what it reads and writes."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.process.cancellation import Cancellation

CHUNK_BYTES = 1 << 20


class CancellableSource:
    """Count what is read, and stop reading when the run is cancelled."""

    def __init__(self, source: BinaryIO, cancellation: Cancellation) -> None:
        self._source = source
        self._cancellation = cancellation
        self.read_bytes = 0

    def read(self, size: int = CHUNK_BYTES, /) -> bytes:
        """Return up to ``size`` bytes, none at the end.

        Raises:
            BackupdError: The token's reason.
        """
        self._cancellation.raise_if_cancelled()
        data = self._source.read(size)
        self.read_bytes += len(data)
        return data


class Decoder(Protocol):
    """Fills buffers with plain bytes."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill as much of ``buffer`` as is at hand; return 0 only at the end of a whole stream.

        Raises:
            VerificationError: The stream is damaged, cut, or goes on after its end.
        """


class _DecodedStream(io.RawIOBase):
    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def readable(self) -> bool:
        return True

    # Any: the buffer protocol, which typeshed cannot name alike in all releases.
    def readinto(self, buffer: object, /) -> int:
        return self._decoder.readinto(memoryview(buffer).cast("B"))  # type: ignore[arg-type]


@contextmanager
def decoded(make_decoder: Callable[[], Decoder]) -> Iterator[BinaryIO]:
    """Read through a decoder for the length of a block; at its end, read on to the end of the stream.

    Only the end shows whether the stream was whole, so that a reader who has seen enough must still wait for it; not
    one that failed.
    """
    with io.BufferedReader(_DecodedStream(make_decoder()), CHUNK_BYTES) as reader:
        yield cast("BinaryIO", reader)
        while reader.read(CHUNK_BYTES):
            pass
