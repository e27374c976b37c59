"""An object read from its start to its end: ranges fetched ahead, each begun again where it broke off."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.s3_retry import Insistence

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer

    from octeth_backupd.domain.clock import Clock

RANGE_BYTES = 4 << 20
RANGES_AHEAD = 3


class RangedReader(io.BufferedIOBase):
    """A file that is read once, by one thread; ``close`` may be called by another one and wakes it."""

    def __init__(
        self,
        fetch: Callable[[int, int, bytearray], None],
        size_bytes: int,
        *,
        clock: Clock,
        patience_seconds: float,
        range_bytes: int = RANGE_BYTES,
        ranges_ahead: int = RANGES_AHEAD,
    ) -> None:
        """Begin to fetch.

        Args:
            fetch: Appends the range that begins at an offset, of that many bytes, to a buffer; what it appended before
                it failed is good.
            size_bytes: Of the whole.
            clock: Measures patience.
            patience_seconds: See ``Insistence``.
            range_bytes: Fetched at a time.
            ranges_ahead: How many at a time; as many and one more are in memory.
        """
        super().__init__()
        self._fetch = fetch
        self._size_bytes = size_bytes
        self._range_bytes = range_bytes
        self._ranges_ahead = ranges_ahead
        self._token = Cancellation()
        self._insist = Insistence(self._token, clock, patience_seconds)
        self._changed = threading.Condition()
        self._arrived: dict[int, bytearray] = {}
        self._next_range = 0
        self._current = memoryview(b"")
        self._current_range = -1
        self._position = 0
        for number in range(min(ranges_ahead, -(-size_bytes // range_bytes))):
            threading.Thread(target=self._work, name=f"fetch-{number}", daemon=True).start()

    def readable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return that many bytes, fewer only at the end; all that is left when negative.

        Raises:
            StorageError: They cannot be had.
        """
        wanted = self._size_bytes - self._position
        if size is not None and 0 <= size < wanted:
            wanted = size
        pieces = []
        while wanted:
            piece = self._take(wanted)
            pieces.append(piece)
            wanted -= len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        """Return what has arrived, at least a byte before the end."""
        left = self._size_bytes - self._position
        return self._take(left if size < 0 else min(size, left)) if left and size else b""

    def readinto(self, buffer: Buffer, /) -> int:
        """Fill a buffer; see ``read``."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Stop fetching; a read that waits fails."""
        self._token.cancel(StorageError("the file was closed while it was read"))
        with self._changed:
            self._arrived.clear()
            self._changed.notify_all()
        super().close()

    def _take(self, most_bytes: int) -> bytes:
        if not self._current:
            self._current = memoryview(self._next())
        piece = bytes(self._current[:most_bytes])
        self._current = self._current[most_bytes:]
        self._position += len(piece)
        return piece

    def _next(self) -> bytearray:
        """Return the range after the current one, when it is there."""
        with self._changed:
            self._current_range += 1
            self._changed.notify_all()  # there is room for one more
            while self._current_range not in self._arrived:
                self._token.raise_if_cancelled()
                self._changed.wait()
            self._token.raise_if_cancelled()
            return self._arrived.pop(self._current_range)

    def _work(self) -> None:
        while (number := self._claim()) is not None:
            try:
                data = self._fetched(number)
            except BackupdError as exc:
                self._fail(exc)
                return
            except Exception as exc:  # noqa: BLE001 - a thread's error must end the reading, whatever it is
                self._fail(StorageError(f"a reading thread failed: {type(exc).__name__}: {exc}"))
                return
            with self._changed:
                if self._token.is_cancelled:
                    return
                self._arrived[number] = data
                self._changed.notify_all()

    def _claim(self) -> int | None:
        """Return the next range to fetch, once there is room for it; None when there is nothing left to do."""
        with self._changed:
            while not self._token.is_cancelled and self._next_range * self._range_bytes < self._size_bytes:
                if self._next_range <= self._current_range + self._ranges_ahead:
                    self._next_range += 1
                    return self._next_range - 1
                self._changed.wait()
            return None

    def _fetched(self, number: int) -> bytearray:
        offset = number * self._range_bytes
        size_bytes = min(self._range_bytes, self._size_bytes - offset)
        data = bytearray()

        def go_on() -> None:
            self._fetch(offset + len(data), size_bytes - len(data), data)
            if len(data) < size_bytes:
                raise StorageError(f"the service sent nothing after byte {offset + len(data)}", retryable=True)

        self._insist(go_on, position=lambda: len(data))
        if len(data) != size_bytes:
            raise StorageError(f"{len(data)} bytes came where {size_bytes} were asked for")
        return data

    def _fail(self, error: BackupdError) -> None:
        self._token.cancel(error)
        with self._changed:
            self._changed.notify_all()
