"""What is sent: a piece of a file that can be sent again, slowed down and interrupted."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.process.cancellation import Cancellation

_CHUNK_BYTES = 256 * 1024
"""Sent at a time: http.client asks for 16 KiB, and takes more."""


class RateLimit:
    """Bytes per second over everything that shares it."""

    def __init__(self, bytes_per_second: int, clock: Clock) -> None:
        self._bytes_per_second = bytes_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at_seconds = 0.0

    def take(self, size_bytes: int, cancellation: Cancellation) -> None:
        """Wait until that many bytes may go; no limit is no waiting.

        Raises:
            BackupdError: The token's reason.
        """
        cancellation.raise_if_cancelled()
        if not self._bytes_per_second:
            return
        with self._lock:  # whoever comes next waits for this one's bytes too
            now = self._clock.monotonic_seconds()
            begins = max(now, self._free_at_seconds)
            self._free_at_seconds = begins + size_bytes / self._bytes_per_second
        if begins > now and cancellation.wait(begins - now):
            cancellation.raise_if_cancelled()


class Body(io.RawIOBase):
    """A piece of a file as botocore wants it: readable, seekable, of a known length.

    botocore reads it once for the signature (not over TLS) and once for each time it is sent. Only ``sending`` makes
    it keep to the rate limit.
    """

    def __init__(
        self, read_at: Callable[[int, int], bytes | memoryview], size_bytes: int, limit: RateLimit, token: Cancellation
    ) -> None:
        super().__init__()
        self._read_at = read_at
        self._size_bytes = size_bytes
        self._limit = limit
        self._cancellation = token
        self._position = 0
        self._is_sending = False

    def __len__(self) -> int:
        return self._size_bytes

    def sending(self) -> None:
        """Say that what is read from here on goes over the network."""
        self._is_sending = True

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes: it can be sent again."""
        return True

    def tell(self) -> int:
        """Return how far it was read."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; whoever goes back to the start is not sending any more."""
        self._is_sending = False
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes; more than were asked for, so that they go in fewer pieces."""
        left = max(0, self._size_bytes - self._position)
        wanted = left if size < 0 else min(left, max(size, _CHUNK_BYTES))
        if self._is_sending:
            self._limit.take(wanted, self._cancellation)
        data = self._read_at(self._position, wanted)
        self._position += len(data)
        return data  # type: ignore[return-value]  # a view of what is in memory already: no copy


def in_memory(data: bytes) -> Callable[[int, int], memoryview]:
    """Return how a body reads what is in memory."""
    view = memoryview(data)
    return lambda offset, size: view[offset : offset + size]
