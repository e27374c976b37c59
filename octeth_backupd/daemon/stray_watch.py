"""Looks for what restores have left whose journals are lost, at the start and each hour."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.restore.stray_rooms import stray_rooms, stray_words
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.restore.known_backup import newest_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.servers.server import Server

_log = structlog.get_logger("restores")

_ROLES = ("data", "binlog")
LOOK_EVERY = timedelta(hours=1)


class StrayWatch:
    """Remembers what was found.

    Servers are asked in a thread of its own: one that hangs must not hold up the daemon.
    """

    def __init__(self, *, clock: Clock, parts: Callable[[], Parts]) -> None:
        self._clock = clock
        self._parts = parts
        self._looked_at: datetime | None = None
        self._thread: threading.Thread | None = None
        self._found: dict[Path, str] = {}

    def look(self) -> None:
        """Begin to look, unless that was done within the hour or is still going on."""
        now = self._clock.now()
        if self._looked_at is not None and now - self._looked_at < LOOK_EVERY:
            return
        if self._thread is not None and self._thread.is_alive():
            return
        self._looked_at = now
        self._thread = threading.Thread(target=self.search, name="stray-rooms", daemon=True)
        self._thread.start()

    def warnings(self) -> tuple[str, ...]:
        """Return what is to be said of each directory that is still there."""
        return tuple(words for path, words in sorted(self._found.items()) if path.exists())

    def search(self) -> None:
        """Look for them now; a server that cannot be asked is looked at as far as earlier backups know it."""
        parts = self._parts()
        found: dict[Path, str] = {}
        for name, server in parts.servers.items():
            try:
                entries = [entry for directory in _neighbourhood(server, parts) for entry in _entries(directory)]
                known = parts.journals.ids()
            except BackupdError as exc:
                _log.warning("restore.strays_not_looked_for", server=name, error=exc.message)
                continue
            found |= {path: stray_words(path, name) for path in stray_rooms(entries, known)}
        for path in found.keys() - self._found.keys():
            _log.warning("restore.stray_directory", path=str(path), message=found[path])
        self._found = found


def _neighbourhood(server: Server, parts: Parts) -> Iterator[Path]:
    """Yield where a restore of a server makes its directories: within its directories, and beside them."""
    survey = server.survey()
    known = {server.settings.data_directory, server.settings.binlog_directory}
    if survey.paths is not None:
        known |= {survey.paths.host.get(role) for role in _ROLES}
    manifest = newest_manifest(parts.catalog, server.name)
    if manifest is not None:
        known |= {Path(path) for role, path in manifest.server.host_paths.items() if role in _ROLES}
    if survey.location is not None and survey.location.container is not None:
        known |= {mount.source for mount in survey.location.container.mounts}
    for directory in known:
        if directory is not None:
            yield from (directory, directory.parent)


def _entries(directory: Path) -> tuple[Path, ...]:
    try:
        return tuple(directory.iterdir())
    except OSError:
        return ()
