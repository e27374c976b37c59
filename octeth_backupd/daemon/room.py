"""How much room there is, asked so that a mount that does not answer holds nobody up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from octeth_backupd.domain.figures import PlaceFigures
from octeth_backupd.errors import BackupdError
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from octeth_backupd.process.files import FileSystemSpace

ANSWER_SECONDS = 2.0


class Room:
    """Measures places, for all who ask by one thread: a lost network mount blocks whoever asks it, for ever if need be.

    Args:
        measure: Asks a file system.
    """

    def __init__(
        self, measure: Callable[[Path], FileSystemSpace] = free_bytes, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._measure = measure
        self._answer_seconds = answer_seconds
        self._lock = threading.Lock()
        self._asking: _Asking | None = None

    def of(self, places: Mapping[str, Path]) -> tuple[PlaceFigures, ...]:
        """Return the room in places, by what they are for; those that cannot be asked now are left out."""
        with self._lock:
            if self._asking is None or self._asking.is_over:
                self._asking = _Asking(places, self._measure)
            asking = self._asking
        return asking.answer(self._answer_seconds)


class _Asking:
    """One round of asking, in a thread of its own."""

    def __init__(self, places: Mapping[str, Path], measure: Callable[[Path], FileSystemSpace]) -> None:
        self._places = dict(places)
        self._measure = measure
        self._answers: list[PlaceFigures] = []
        self._over = threading.Event()
        threading.Thread(target=self._ask, name="room", daemon=True).start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def answer(self, seconds: float) -> tuple[PlaceFigures, ...]:
        """Return what has been answered by then."""
        self._over.wait(seconds)
        return tuple(self._answers)

    def _ask(self) -> None:
        try:
            for answer in self._all():
                self._answers.append(answer)
        finally:
            self._over.set()

    def _all(self) -> Iterator[PlaceFigures]:
        for place, path in self._places.items():
            try:
                space = self._measure(path)
            except BackupdError:
                continue  # said by doctor and the next run; the other figures are none the worse
            yield PlaceFigures(place=place, free_bytes=space.free, size_bytes=space.total)
