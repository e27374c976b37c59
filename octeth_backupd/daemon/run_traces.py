"""What is seen of each run on the bus while it goes on: the step, and the last lines of its programs."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import RunStatus
from octeth_backupd.domain.engine_log import Severity, classify
from octeth_backupd.domain.events import Event, ProgramOutput, StepFinished, StepStarted
from octeth_backupd.domain.hooks import Hook
from octeth_backupd.domain.notices.run_notice import RunTrace

if TYPE_CHECKING:
    from collections.abc import Callable

_ON_FAILURE = f"hook {Hook.ON_FAILURE}"
"""The step after the one that a run ended in, never that one."""
_LAST_LINES = 20
_ERROR_LINES = 20
_LONGEST_LINE = 2_000


class RunTraces:
    """A subscriber of the bus. Memory does not grow with what programs print.

    Args:
        redact: Applied to each line, beside what the run's own runner masked.
    """

    def __init__(self, redact: Callable[[str], str] = str) -> None:
        self._redact = redact
        self._lock = threading.Lock()
        self._traces: dict[str, _Trace] = {}

    def follow(self, event: Event) -> None:
        """Take an event of the bus."""
        match event:
            case StepStarted(step=step):
                self._trace(event.run_id).begin(step)
            case StepFinished(step=step, status=RunStatus.FAILED | RunStatus.CANCELLED) if step != _ON_FAILURE:
                self._trace(event.run_id).failed_step = step
            case ProgramOutput(line=line) if line.strip():
                self._trace(event.run_id).take(line.rstrip()[:_LONGEST_LINE])
            case _:
                pass

    def take(self, run_id: str) -> RunTrace:
        """Return what was seen of a run that is over, and forget it."""
        with self._lock:
            trace = self._traces.pop(run_id, None)
        if trace is None:
            return RunTrace()
        return RunTrace(
            step=trace.failed_step or trace.step,
            error_lines=tuple(self._redact(line) for line in trace.errors),
            last_lines=tuple(self._redact(line) for line in trace.lines),
        )

    def _trace(self, run_id: str) -> _Trace:
        with self._lock:
            return self._traces.setdefault(run_id, _Trace())


class _Trace:
    def __init__(self) -> None:
        self.step = ""
        self.failed_step = ""
        self.lines: deque[str] = deque(maxlen=_LAST_LINES)
        self.errors: deque[str] = deque(maxlen=_ERROR_LINES)

    def begin(self, step: str) -> None:
        """Forget what an earlier step's programs printed, unless it failed."""
        if step != _ON_FAILURE:
            self.step = step
        if self.failed_step:
            return
        self.lines.clear()
        self.errors.clear()

    def take(self, line: str) -> None:
        self.lines.append(line)
        if classify(line) is Severity.ERROR:
            self.errors.append(line)
