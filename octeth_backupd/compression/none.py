"""No compression."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.compression.streams import CancellableSource

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from octeth_backupd.compression.base import Sink
    from octeth_backupd.process.cancellation import Cancellation


class NoCompressor:
    """See Compressor. A plain stream has no end mark of its own: only the archive's checksum shows that it was cut."""

    algorithm = "none"
    suffix = ""

    def compress(self, source: BinaryIO, sink: Sink, *, cancellation: Cancellation) -> int:
        """See Compressor.compress."""
        counted = CancellableSource(source, cancellation)
        while data := counted.read():
            sink.write(data)
        # A cancelled producer looks like one that has finished.
        cancellation.raise_if_cancelled()
        return counted.read_bytes

    def open(self, source: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """See Compressor.open."""
        return nullcontext(source)
