"""Metrics as a file for node_exporter's textfile collector.

Source:
    node_exporter documentation, "Textfile Collector": files ``*.prom``, replaced atomically.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.errors import BackupdError
from octeth_backupd.process.files import translated_os_errors, write_whole
from octeth_backupd.telemetry.metrics import exposition

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.domain.figures import Figures

_log = structlog.get_logger("metrics")

MODE = 0o644
_HINT = "Its directory must exist and, in the unit, be one of ReadWritePaths=; see docs/how-to/monitoring.md."


class MetricsTextfile:
    """Keeps the file up to date, and removes one that the configuration does not name any more.

    Args:
        path: Returns where it is in the configuration in force; None: nowhere.
        figures: Takes the figures.
    """

    def __init__(self, path: Callable[[], Path | None], figures: Callable[[], Figures]) -> None:
        self._path = path
        self._figures = figures
        self._lock = threading.Lock()
        self._written: Path | None = None
        self._problem = ""

    def write(self) -> str:
        """Write the file; return what stands in the way, or an empty text. Never raises."""
        with self._lock:
            path = self._path()
            try:
                self._remove_other_than(path)
                if path is not None:
                    write_whole(path, exposition(self._figures()), mode=MODE, replace=True)
                    self._written = path
                problem = ""
            except BackupdError as exc:
                problem = f"the metrics file cannot be written: {exc.message}"
            except Exception as exc:  # noqa: BLE001 - called at the end of a run, which it must not hurt
                problem = f"the metrics file cannot be written: {type(exc).__name__}"
            if problem and problem != self._problem:
                _log.error("metrics.textfile_failed", error=problem, hint=_HINT)
            self._problem = problem
            return problem

    def _remove_other_than(self, path: Path | None) -> None:
        if self._written is None or self._written == path:
            return
        with translated_os_errors(self._written):
            self._written.unlink(missing_ok=True)
        self._written = None
