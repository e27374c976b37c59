"""How much room there is, asked so that a mount that does not answer holds nobody up."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.figures import PlaceFigures
from octeth_backupd.errors import BackupdError
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from octeth_backupd.process.files import FileSystemSpace

ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What file systems said.

    Attributes:
        spaces: The room in those that answered in time; one that answered with an error is neither here nor silent.
        silent: Those that did not answer.
    """

    spaces: Mapping[Path, FileSystemSpace] = field(default_factory=dict)
    silent: frozenset[Path] = frozenset()


class Room:
    """Measures places, each by one thread for all who ask: a lost network mount blocks whoever asks it, maybe for ever.

    Args:
        measure: Asks a file system.
    """

    def __init__(
        self, measure: Callable[[Path], FileSystemSpace] = free_bytes, *, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._measure = measure
        self._answer_seconds = answer_seconds
        self._lock = threading.Lock()
        self._asking: dict[Path, _Asking] = {}

    def ask(self, paths: Iterable[Path]) -> Answers:
        """Return what file systems say; all of them together have ``answer_seconds`` for it."""
        with self._lock:
            asked = {path: self._asked(path) for path in paths}
        limit = time.monotonic() + self._answer_seconds
        spaces, silent = {}, set()
        for path, asking in asked.items():
            if not asking.is_over.wait(max(0.0, limit - time.monotonic())):
                silent.add(path)
            elif asking.space is not None:
                spaces[path] = asking.space
        return Answers(spaces=spaces, silent=frozenset(silent))

    def of(self, places: Mapping[str, Path]) -> tuple[PlaceFigures, ...]:
        """Return the room in places, by what they are for; those that cannot be asked now are left out."""
        spaces = self.ask(places.values()).spaces
        return tuple(
            PlaceFigures(place=place, free_bytes=spaces[path].free, size_bytes=spaces[path].total)
            for place, path in places.items()
            if path in spaces
        )

    def _asked(self, path: Path) -> _Asking:
        asking = self._asking.get(path)
        if asking is None or asking.is_over.is_set():
            asking = self._asking[path] = _Asking()
            threading.Thread(target=self._fill, args=(path, asking), name="room", daemon=True).start()
        return asking

    def _fill(self, path: Path, asking: _Asking) -> None:
        try:
            asking.space = self._measure(path)
        except BackupdError:
            pass  # said by doctor and the next run; the other figures are none the worse
        finally:
            asking.is_over.set()


@dataclass(slots=True)
class _Asking:
    """One question to one file system; without an error and an answer it goes on."""

    is_over: threading.Event = field(default_factory=threading.Event)
    space: FileSystemSpace | None = None
