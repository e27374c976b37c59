"""What ``status`` says of the configuration between two starts: what waits for a restart, what would prevent it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from octeth_backupd.settings.changes import restart_needed
from octeth_backupd.settings.load import examine

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping
    from pathlib import Path

    from octeth_backupd.settings.settings import Settings

_log = structlog.get_logger("configuration")

RESTART = "restart"
"""The standing warning that keys in the file take effect only at the next start."""
MISTAKES = "configuration file"
"""The standing warning that the daemon would not start with the file as it is."""


class ConfigurationWatch:
    """Keeps the two standing warnings true.

    ``systemctl reload`` never reaches the daemon when the file has mistakes; so the file is looked at, too.

    Args:
        path: The configuration file.
        environment: The daemon's.
        started_with: Settings of the start.
        warnings: Standing warnings, by name.
    """

    def __init__(
        self, path: Path, environment: Mapping[str, str], *, started_with: Settings, warnings: MutableMapping[str, str]
    ) -> None:
        self._path = path
        self._environment = environment
        self._started_with = started_with
        self._warnings = warnings
        self._seen = self._stamp()

    def reloaded(self, settings: Settings | None) -> None:
        """Take note of a reload; without settings it was refused, and the reload's own error says why."""
        self._seen = self._stamp()
        self._warnings.pop(MISTAKES, None)
        if settings is None:
            return
        keys = restart_needed(self._started_with, settings)
        for key in keys:
            _log.warning("configuration.needs_restart", key=key)
        self._warnings.pop(RESTART, None)
        if keys:
            self._warnings[RESTART] = (
                f"changed since the start, and taken up at the next one: {', '.join(keys)} in {self._path}; "
                "systemctl restart octeth-backupd"
            )

    def look(self) -> None:
        """Judge the file when it is another one than at the last look."""
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        mistakes = [problem for problem in examine(self._path, self._environment).problems if not problem.is_warning]
        if not mistakes:
            self._warnings.pop(MISTAKES, None)
            return
        more = f", and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
        text = f"the configuration file has mistakes, and the next start would fail: {mistakes[0]}{more}"
        self._warnings[MISTAKES] = f"{text}; see octeth-backupd check-config"
        _log.error("configuration.file_has_mistakes", path=str(self._path), error=str(mistakes[0]))

    def _stamp(self) -> tuple[int, ...]:
        """Return what differs after each change; empty when there is no file."""
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
