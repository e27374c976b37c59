"""What monitoring sees: figures taken at the moment they are asked for, as metrics at three places."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from octeth_backupd import __version__
from octeth_backupd.daemon.room import Room
from octeth_backupd.domain.figures import Figures, RestoreFigures, ScheduleFigures
from octeth_backupd.domain.notices.overdue import CLOCK_MARGIN
from octeth_backupd.telemetry.metrics import exposition
from octeth_backupd.telemetry.metrics_listener import MetricsListener
from octeth_backupd.telemetry.metrics_textfile import MetricsTextfile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, MutableMapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.control.services import ScheduleView
    from octeth_backupd.daemon.coordinator import ActiveRun
    from octeth_backupd.daemon.services import ServiceState
    from octeth_backupd.domain.backup import Operation
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.telemetry.metrics_settings import MetricsSettings

WARNING = "metrics"


class FiguresReader:
    """Takes the figures: from the catalog, and from what the daemon knows of this moment.

    Args:
        parts: Returns the parts of the configuration in force.
        active: Returns the runs that are queued or running.
        schedules: Returns every schedule of every server.
        state: Says whether the last reload was refused.
        warnings: Returns what ``octeth-backupctl status`` warns of.
        scheduler_alive: Says whether the scheduler's thread runs.
        state_directory: Where the catalog is.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        parts: Callable[[], Parts],
        active: Callable[[], Iterable[ActiveRun]],
        schedules: Callable[[], Iterable[ScheduleView]],
        state: ServiceState,
        warnings: Callable[[], tuple[str, ...]],
        scheduler_alive: Callable[[], bool],
        state_directory: Path,
    ) -> None:
        self._clock = clock
        self._parts = parts
        self._active = active
        self._schedules = schedules
        self._state = state
        self._warnings = warnings
        self._scheduler_alive = scheduler_alive
        self._state_directory = state_directory
        self._room = Room()
        self._started_at = clock.now()

    def take(self) -> Figures:
        """Return all figures as of now.

        Raises:
            CatalogError: The catalog cannot be read.
        """
        parts = self._parts()
        servers = tuple(parts.servers)
        now = self._clock.now()
        return Figures(
            taken_at=now,
            version=__version__,
            started_at=self._started_at,
            servers=servers,
            storages=tuple(storage.name for storage in parts.storages),
            catalog=parts.catalog.stock.figures.read(servers, until=now + CLOCK_MARGIN),
            schedules=tuple(
                ScheduleFigures(server=view.server, tier=view.tier, next_due=view.next_due, paused=view.paused)
                for view in self._schedules()
                if view.tier is not None and view.server in parts.servers
            ),
            running=dict(_running(self._active())),
            restores=_restores(parts.journals.all()),
            places=self._room.of(self._places(parts)),
            scheduler_alive=self._scheduler_alive(),
            configuration_in_force=not self._state.configuration_error,
            warnings=len(self._warnings()),
        )

    def _places(self, parts: Parts) -> dict[str, Path]:
        return {
            "backups": parts.backup_directory,
            "workspace": parts.workspace_directory,
            "state": self._state_directory,
        }


class Observation:
    """Metrics at the control socket, on a port and as a file.

    Args:
        reader: Takes the figures.
        settings: Returns the section in force.
        warnings: Standing warnings of ``status``, by their key.
        begin: Starts work beside the caller: neither the main thread, which feeds the watchdog, nor a run's waits for a
            file system.
    """

    def __init__(
        self,
        *,
        reader: FiguresReader,
        settings: Callable[[], MetricsSettings],
        warnings: MutableMapping[str, str],
        begin: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._reader = reader
        self._warnings = warnings
        self._begin = begin or _in_thread
        # The port is that of the start: see settings.changes.RESTART_KEYS.
        self._listener = MetricsListener(settings().listen, reader.take)
        self._textfile = MetricsTextfile(lambda: settings().textfile, reader.take)
        self._lock = threading.Lock()
        self._wanted = False
        self._is_working = False

    def metrics(self) -> bytes:
        """Return what a scrape is answered with."""
        return exposition(self._reader.take())

    def look(self) -> None:
        """Have the file written, and the port taken where that was not possible before.

        Called each minute, after each run and each reload; returns at once.
        """
        with self._lock:
            self._wanted = True
            if self._is_working:
                return
            self._is_working = True
        try:
            self._begin(self._work)
        except RuntimeError:  # no more threads; the next minute tries again
            self._is_working = False

    def stop(self) -> None:
        """Close the port; the file stays: what it says of backups is true while the daemon is restarted."""
        self._listener.stop()

    def _work(self) -> None:
        while self._take_wish():
            problem = "; ".join(one for one in (self._listener.attempt(), self._textfile.write()) if one)
            if problem:
                self._warnings[WARNING] = problem
            else:
                self._warnings.pop(WARNING, None)

    def _take_wish(self) -> bool:
        with self._lock:
            self._is_working, self._wanted = self._wanted, False
            return self._is_working


def _in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="metrics-file", daemon=True).start()


def _running(active: Iterable[ActiveRun]) -> Iterator[tuple[tuple[str, Operation], datetime]]:
    for one in active:
        if one.is_running and one.run.started_at is not None:
            yield (one.run.server, one.run.operation), one.run.started_at


def _restores(journals: Iterable[Journal]) -> dict[str, RestoreFigures]:
    found: dict[str, RestoreFigures] = {}
    for journal in journals:
        before = found.get(journal.server, RestoreFigures())
        kept = journal.holds_safety_copy
        found[journal.server] = RestoreFigures(
            open_restores=before.open_restores + journal.is_open,
            safety_copies=before.safety_copies + kept,
            safety_copy_bytes=before.safety_copy_bytes + (journal.aside_bytes or 0 if kept else 0),
        )
    return {server: one for server, one in found.items() if one != RestoreFigures()}
