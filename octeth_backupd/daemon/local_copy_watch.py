"""Looks whether the local copies are still there: at the start, each hour and after each run."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.sync.local_look import look_at_local

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from datetime import datetime

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.sync.local_look import LocalLook

_log = structlog.get_logger("copies")

WARNING = "local_copies"
LOOK_EVERY = timedelta(hours=1)
LOOK_AGAIN = timedelta(minutes=5)
"""While something is not as it should be: a disk that is mounted again is to count again soon."""
ANSWER_WITHIN = timedelta(minutes=5)
_NAMED = 5


class LocalCopyWatch:
    """Has the catalog follow what lies on the local disk; see pipeline.sync.local_look.

    The disk is looked at in a thread of its own: a lost network mount blocks whoever asks it, for ever if need be.

    Args:
        parts: Returns the parts of the configuration in force.
        warnings: Standing warnings of ``status``, by their key.
    """

    def __init__(self, *, clock: Clock, parts: Callable[[], Parts], warnings: MutableMapping[str, str]) -> None:
        self._clock = clock
        self._parts = parts
        self._warnings = warnings
        self._lock = threading.Lock()
        self._began_at: datetime | None = None
        self._is_whole = True
        self._is_looking = False

    def look(self, *, now: bool = False) -> None:
        """Begin to look, unless that was done a short time ago or is still going on.

        Args:
            now: However short ago it was.
        """
        with self._lock:
            at = self._clock.now()
            if self._is_looking:
                self._note_silence(at)
                return
            every = LOOK_EVERY if self._is_whole else LOOK_AGAIN
            if not now and self._began_at is not None and timedelta(0) <= at - self._began_at < every:
                return
            self._began_at, self._is_looking = at, True
        try:
            threading.Thread(target=self._work, name="local-copies", daemon=True).start()
        except RuntimeError:  # no more threads; the next minute tries again
            self._began_at, self._is_looking = None, False

    def _work(self) -> None:
        try:
            self.search()
        finally:
            self._is_looking = False

    def search(self) -> None:
        """Look now; what cannot be looked at is a standing warning until it can."""
        parts = self._parts()
        problems, is_whole = [], True
        for storage in parts.local_storages:
            try:
                look = look_at_local(parts, storage, self._clock.now())
            except BackupdError as exc:
                problems.append(f"the copies in {storage.name} cannot be looked at: {exc.message}")
                continue
            is_whole &= look.is_whole
            _tell(look, storage.name)
        self._is_whole = is_whole and not problems
        self._warn("; ".join(problems))

    def _note_silence(self, at: datetime) -> None:
        if self._began_at is not None and at - self._began_at > ANSWER_WITHIN:
            self._warn(
                f"the disk of {self._parts().backup_directory} has not answered since {self._began_at:%Y-%m-%d %H:%M} "
                "UTC: whether the backups there can be read is not known. Is its mount alive?"
            )

    def _warn(self, problem: str) -> None:
        if problem and self._warnings.get(WARNING) != problem:
            _log.warning("copies.not_looked_at", message=problem)
        if problem:
            self._warnings[WARNING] = problem
        else:
            self._warnings.pop(WARNING, None)


def _tell(look: LocalLook, storage: str) -> None:
    """Say what changed, in one line for each kind of change however many copies there are."""
    for detail, count in look.vanished.items():
        _log.error("copies.all_gone", storage=storage, copies=count, message=detail)
    for state, say, event in (
        (CopyState.MISSING, _log.warning, "copies.gone"),
        (CopyState.CORRUPT, _log.warning, "copies.cut"),
        (CopyState.PRESENT, _log.info, "copies.back"),
    ):
        if changed := look.became(state):
            named = [one.copy.backup_id for one in changed[:_NAMED]]
            say(event, storage=storage, copies=len(changed), backups=named)
