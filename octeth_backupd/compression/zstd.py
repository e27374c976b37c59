"""Zstandard, in this process: as fast as the program, which remains the reader for the day when there is no daemon."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, BinaryIO, cast

import zstandard

from octeth_backupd.compression.streams import CHUNK_BYTES, CancellableSource, decoded
from octeth_backupd.compression.zstd_frames import FrameFollower
from octeth_backupd.errors import VerificationError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from octeth_backupd.compression.base import Sink
    from octeth_backupd.process.cancellation import Cancellation


class ZstdCompressor:
    """See Compressor.

    Args:
        level: 1 to 19.
        threads: At least 1. (The library's own 0 means no threads of its own, half the speed.)
    """

    algorithm = "zstd"
    suffix = ".zst"

    def __init__(self, *, level: int, threads: int) -> None:
        self._level = level
        self._threads = threads

    def compress(self, source: BinaryIO, sink: Sink, *, cancellation: Cancellation) -> int:
        """See Compressor.compress."""
        counted = CancellableSource(source, cancellation)
        compressor = zstandard.ZstdCompressor(level=self._level, threads=self._threads, write_checksum=True)
        compressor.copy_stream(
            cast("IO[bytes]", counted), cast("IO[bytes]", sink), read_size=CHUNK_BYTES, write_size=CHUNK_BYTES
        )
        # A cancelled producer looks like one that has finished.
        cancellation.raise_if_cancelled()
        return counted.read_bytes

    def open(self, source: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """See Compressor.open."""
        return decoded(lambda: _Decoder(source))


class _FollowedSource:
    def __init__(self, source: BinaryIO, follower: FrameFollower) -> None:
        self._source = source
        self._follower = follower

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        self._follower.feed(data)
        return data


class _Decoder:
    def __init__(self, source: BinaryIO) -> None:
        self._follower = FrameFollower()
        self._reader = zstandard.ZstdDecompressor().stream_reader(
            cast("IO[bytes]", _FollowedSource(source, self._follower)),
            read_size=CHUNK_BYTES,
            read_across_frames=True,
            closefd=False,
        )

    def readinto(self, buffer: memoryview, /) -> int:
        try:
            count = int(self._reader.readinto(buffer))
        except zstandard.ZstdError as error:
            raise VerificationError(f"the zstd stream is damaged: {error}", hint="Take a new backup.") from error
        if count == 0:
            self._follower.finish()
        return count
