"""The steps of runs, from the bus into the catalog; and the latest progress, in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus, StepRecord
from octeth_backupd.domain.events import Event, RunFinished, StepFinished, StepProgress, StepStarted

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog


class RunRecorder:
    """A subscriber of the bus that writes each step's begin and end into the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._positions: dict[str, int] = {}
        self._progress: dict[str, StepProgress] = {}

    def follow(self, event: Event) -> None:
        """Take an event of the bus."""
        match event:
            case StepStarted(step=step):
                with self._lock:
                    position = self._positions.get(event.run_id, 0) + 1
                    self._positions[event.run_id] = position
                    self._progress.pop(event.run_id, None)
                self._catalog.add_step(
                    StepRecord(
                        run_id=event.run_id,
                        position=position,
                        name=step,
                        status=RunStatus.RUNNING,
                        started_at=event.at,
                    )
                )
                self._catalog.update_run(event.run_id, step=step)
            case StepProgress():
                with self._lock:
                    self._progress[event.run_id] = event
            case StepFinished(status=status, duration_seconds=seconds, error=error):
                detail = {"duration_seconds": round(seconds, 3)} | ({"error": error} if error else {})
                with self._lock:
                    position = self._positions[event.run_id]
                    progress = self._progress.get(event.run_id)
                if progress is not None:
                    detail["done_bytes"] = progress.done_bytes
                self._catalog.finish_step(event.run_id, position, status=status, at=event.at, detail=detail)
            case RunFinished():
                with self._lock:
                    self._positions.pop(event.run_id, None)
                    self._progress.pop(event.run_id, None)
            case _:
                pass

    def progress(self, run_id: str) -> StepProgress | None:
        """Return the latest progress of a running run."""
        with self._lock:
            return self._progress.get(run_id)
