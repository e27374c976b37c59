"""What happens during runs, as frozen values on the bus.

Log, catalog, systemd STATUS and the progress streams subscribe. Every event names its run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.backup import Run, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a run."""

    run_id: str
    server: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQueued(Event):
    """A run was accepted and waits for its turn."""

    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """A run has its turn."""

    run: Run


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """A step of a run begins."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress(Event):
    """How far a step is; sent at most once a second.

    Attributes:
        done_bytes: Bytes done in this step.
        total_bytes: Expected bytes; 0 when unknown. ``done_bytes`` may exceed it a little.
        rate_bytes_per_second: Over the last seconds.
    """

    step: str
    done_bytes: int
    total_bytes: int
    rate_bytes_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished(Event):
    """A step of a run has ended."""

    step: str
    status: RunStatus
    duration_seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramOutput(Event):
    """A line that a program printed, redacted."""

    program: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """Something is not as it should be, and the run goes on."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStored(Event):
    """A copy of a backup arrived in a remote storage backend."""

    backup_id: str
    storage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyWaits(Event):
    """A copy of a backup did not arrive, and waits for another try.

    Attributes:
        backup_id: Empty when it is about the storage backend itself.
        storage_failed: The storage backend is to blame, so that nothing else will arrive there now either.
        was_cancelled: Somebody ended it on purpose.
    """

    backup_id: str
    storage: str
    storage_failed: bool = False
    was_cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """A run is over; ``run`` carries outcome, error and hint. Notifiers subscribe to this one."""

    run: Run
