"""A remote storage backend that can be away, or break off in the middle of a file."""

from __future__ import annotations

import io
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from octeth_backupd.errors import StorageError
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.storage.base import StoredFile


class UnsteadyStorage(MemoryStorage):
    """See Storage.

    Attributes:
        is_away: It does not answer, and says ``hint``.
        breaks_after_bytes: Every file that is read breaks off there; None: none does.
        hangs: What breaks off does not fail, but waits until somebody closes the file.
        is_waiting: Set once a reader waits.
        asked: Keys that were looked at, and opened.
    """

    def __init__(self, name: str = "s3") -> None:
        super().__init__(name, is_remote=True)
        self.is_away = False
        self.hint = f"Is the network of {name} up?"
        self.breaks_after_bytes: int | None = None
        self.hangs = False
        self.is_waiting = threading.Event()
        self.asked: list[str] = []

    def stat(self, key: str) -> StoredFile:
        self.asked.append(f"stat {key}")
        self._answer()
        return super().stat(key)

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        self.asked.append(f"open {key}")
        self._answer()
        with super().open(key) as file:
            limit = self.breaks_after_bytes
            yield file if limit is None else _Breaking(file.read(), limit, self.is_waiting if self.hangs else None)

    def _answer(self) -> None:
        if self.is_away:
            raise StorageError(f"{self.name} does not answer", hint=self.hint, retryable=True)


class _Breaking(io.BytesIO):
    def __init__(self, content: bytes, limit_bytes: int, is_waiting: threading.Event | None) -> None:
        super().__init__(content)
        self._limit_bytes = limit_bytes
        self._is_waiting = is_waiting
        self._is_closed = threading.Event()

    def close(self) -> None:
        self._is_closed.set()
        super().close()

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer).cast("B")
        left = self._limit_bytes - self.tell()
        if left <= 0 and self._is_waiting is not None:
            self._is_waiting.set()
            self._is_closed.wait()
        if left <= 0:
            raise StorageError("the connection was lost for good", retryable=True)
        return super().readinto(view[:left])
