"""What ``status`` says of the configuration between two starts: what waits for a restart, what would prevent it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.notices.standing import BrokenFile
from octeth_backupd.settings.changes import restart_needed
from octeth_backupd.settings.load import examine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.daemon.services import ServiceState
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.errors import BackupdError
    from octeth_backupd.settings.settings import Settings

_log = structlog.get_logger("configuration")

RESTART = "restart"
"""The standing warning that keys in the file take effect only at the next start."""
EDITED = "edited configuration"
"""The standing warning that the file is another one than that in force."""
EDITING = timedelta(minutes=10)
"""So long somebody may be at work on the file: what it lacks meanwhile is nobody's business."""

JUDGED_EVERY = timedelta(hours=1)
"""How often the file is judged that did not change itself: what it names may have."""


class ConfigurationWatch:
    """Keeps true what is said of the file.

    ``systemctl reload`` never reaches the daemon when the file has mistakes; so the file is looked at, too.

    Args:
        path: The configuration file.
        environment: The daemon's.
        started_with: Settings of the start.
        state: Takes the standing warnings, and why a reload was refused.
    """

    def __init__(
        self, path: Path, environment: Mapping[str, str], *, started_with: Settings, state: ServiceState, clock: Clock
    ) -> None:
        self._path = path
        self._environment = environment
        self._started_with = started_with
        self._in_force = started_with
        self._state = state
        self._clock = clock
        self._seen = self._stamp()
        self._judged_at = clock.now()
        self._broken: BrokenFile | None = None
        self._edited_since: datetime | None = None

    def broken_file(self) -> BrokenFile | None:
        """Return the file where its mistakes are to be told: after a refused reload, or when they stay."""
        broken = self._broken
        if broken is None or broken.was_refused or self._clock.now() - broken.since >= EDITING:
            return broken
        return None

    def refused(self, error: BackupdError) -> None:
        """Take note of a reload that was refused: its error says why."""
        self._state.configuration_error = error.message
        _log.error("configuration.reload_refused", error=error.message, hint=error.hint)
        self._seen = self._stamp()
        self._judge()
        if self._broken is not None:
            self._broken = replace(self._broken, was_refused=True)
            self._state.file_mistakes = ""

    def reloaded(self, settings: Settings) -> None:
        """Take note of a reload."""
        self._state.configuration_error = self._state.file_mistakes = ""
        self._state.warnings.pop(EDITED, None)
        self._seen = self._stamp()
        self._in_force = settings
        self._broken = self._edited_since = None
        keys = restart_needed(self._started_with, settings)
        for key in keys:
            _log.warning("configuration.needs_restart", key=key)
        self._state.warnings.pop(RESTART, None)
        if keys:
            self._state.warnings[RESTART] = (
                f"changed since the start, and taken up at the next one: {', '.join(keys)} in {self._path}; "
                "systemctl restart octeth-backupd"
            )

    def look(self) -> None:
        """Judge the file when it is another one than at the last look, or was broken; and every hour in any case.

        What it names may be mended, or be gone: the files of passwords, of addresses, of certificates.
        """
        stamp = self._stamp()
        is_due = not timedelta(0) <= self._clock.now() - self._judged_at < JUDGED_EVERY
        if stamp != self._seen or self._broken is not None or is_due:
            self._seen = stamp
            self._judge()
        if self._edited_since is not None and self._clock.now() - self._edited_since >= EDITING:
            self._state.warnings[EDITED] = (
                "the configuration file has changed since it was loaded; to take it up: systemctl reload octeth-backupd"
            )

    def _judge(self) -> None:
        self._judged_at = self._clock.now()
        found = examine(self._path, self._environment)
        mistakes = [problem for problem in found.problems if not problem.is_warning]
        is_edited = not mistakes and found.settings != self._in_force
        self._edited_since = (self._edited_since or self._clock.now()) if is_edited else None
        if not is_edited:
            self._state.warnings.pop(EDITED, None)
        if mistakes:
            more = f", and {len(mistakes) - 1} more" if len(mistakes) > 1 else ""
            self._note_mistake(f"{mistakes[0]}{more}")
        else:
            self._broken, self._state.file_mistakes = None, ""

    def _note_mistake(self, mistake: str) -> None:
        before = self._broken
        if before is None or before.mistake != mistake:
            _log.error("configuration.file_has_mistakes", path=str(self._path), error=mistake)
        self._broken = BrokenFile(
            path=str(self._path),
            since=self._clock.now() if before is None else before.since,
            mistake=mistake,
            was_refused=before is not None and before.was_refused,
        )
        if not self._broken.was_refused:
            text = f"the configuration file has mistakes, and the next start would fail: {mistake}"
            self._state.file_mistakes = f"{text}; see octeth-backupd check-config"

    def _stamp(self) -> tuple[int, ...]:
        """Return what differs after each change; empty when there is no file."""
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
