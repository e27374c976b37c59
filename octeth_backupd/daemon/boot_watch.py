"""Looks whether systemd starts the daemon at the next boot too: else backups end with a reboot, and nobody is told."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import ProgramError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.own_unit import own_unit
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from datetime import datetime

    from octeth_backupd.domain.clock import Clock

_log = structlog.get_logger("daemon")

NAME: Final = "boot"
"""Of the check, and the key of the standing warning that the unit is not started at boot."""
LOOK_EVERY: Final = timedelta(hours=1)
_SUFFIX: Final = ".service"
_LONGEST_ANSWER_SECONDS: Final = 5
_STARTED: Final = frozenset({"enabled", "static", "alias", "generated", "indirect"})


class BootWatch:
    """Keeps the standing warning true; says nothing where the daemon is no unit, or systemd cannot be asked.

    systemd is asked in a thread of its own, once an hour, and each minute while there is something to warn of.

    Args:
        warnings: Standing warnings of ``status``, by their key.
        unit: The daemon's own; None: whatever this process is a part of, where systemd waits for its word.
        search_path: Where systemctl is looked up, as in PATH.

    Source:
        systemd 252, systemctl(1), ``is-enabled``; sd_notify(3): the socket's name is handed to the service alone.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        warnings: MutableMapping[str, str],
        unit: str | None = None,
        search_path: str | None = None,
    ) -> None:
        self._clock = clock
        self._warnings = warnings
        self._unit = (own_unit() if os.environ.get("NOTIFY_SOCKET") else "") if unit is None else unit
        self._runner = HostRunner(mark=RunMark("boot", "boot"), redactor=Redactor(), path=search_path)
        self._looked_at: datetime | None = None
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Begin to look, unless that is not due yet or still going on."""
        now = self._clock.now()
        is_recent = self._looked_at is not None and now - self._looked_at < LOOK_EVERY
        is_looking = self._thread is not None and self._thread.is_alive()
        if not self._unit or is_looking or (is_recent and NAME not in self._warnings):
            return
        self._looked_at = now
        self._thread = threading.Thread(target=self.diagnose, name="boot", daemon=True)
        self._thread.start()

    def diagnose(self) -> list[CheckResult]:
        """Ask systemd now; return the answer for ``doctor``, none where nobody can tell."""
        state = self._state() if self._unit else ""
        if not state:
            return []  # nobody can tell now; what was known stands
        if state in _STARTED:
            self._warnings.pop(NAME, None)
            return [CheckResult(name=NAME, status=CheckStatus.PASSED, summary=f"{self._unit} is {state}")]
        name = self._unit.removesuffix(_SUFFIX)
        summary = f"the unit {self._unit} is {state}: after the next reboot there are no backups"
        command = f"systemctl enable {name}"
        if state.startswith("masked"):
            command = f"systemctl unmask {name} && {command}"
        warning = f"{summary}; {command}"
        if self._warnings.get(NAME) != warning:
            _log.warning("daemon.not_started_at_boot", unit=self._unit, state=state, message=warning)
        self._warnings[NAME] = warning
        return [
            CheckResult(
                name=NAME,
                status=CheckStatus.WARNING,
                summary=summary,
                cause="it was started without being enabled, or was disabled since, as by the removal of its package",
                fix="Have systemd start it at boot.",
                command=command,
            )
        ]

    def _state(self) -> str:
        """Return the unit's state as systemctl names it; empty where it cannot be had."""
        lines: list[str] = []
        command = Command(program="systemctl", arguments=("is-enabled", "--", self._unit), low_priority=False)
        try:
            self._runner.run(
                command,
                on_line=lines.append,
                cancellation=Cancellation(),
                timeout_seconds=_LONGEST_ANSWER_SECONDS,
            )
        except ProgramError:
            return ""  # no systemctl here, or none that answers
        # Its exit code only says whether that counts as enabled; complaints are lines of several words.
        return next((line.strip() for line in reversed(lines) if len(line.split()) == 1), "")
