"""How one server's backups stand, as the control interface tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.control.retention_services import RetentionStatus

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.figures import StoredCopies
    from octeth_backupd.domain.holdings import ProofLevel
    from octeth_backupd.domain.server import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSummary:
    """The newest good backup of a server.

    Attributes:
        age_seconds: Time since it was taken, at the moment of the answer.
        proof: How far it was proven; None: nothing was ever shown of it.
        storages: Where it can be read.
    """

    backup_id: str
    taken_at: datetime
    age_seconds: float
    size_bytes: int = 0
    proof: ProofLevel | None = None
    storages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignBackups:
    """The good backups of other installations that a server without one of ours has.

    Attributes:
        latest_id: The one that ``restore latest`` would take; empty: it would not guess of which installation.
    """

    count: int
    latest_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """How one server's backups stand.

    Attributes:
        last_good_backup: Newest good, unsuspect backup of ours; None when there is none.
        foreign_good_backups: None where there is one of ours, or none of others either.
        last_run: The newest run that has ended, but for those that the daemon starts by itself.
        active_run: The run that is going on now: the one that holds the server where there are several.
        queued_runs: Accepted runs that wait for their turn, first one first.
        next_due: The earliest due time of its schedules that are not paused.
        paused_schedules: Names of those that are.
        retention: Whether its backups expire as they should.
        copies: What is stored of it, and where.
    """

    name: str
    placement: Placement
    last_good_backup: BackupSummary | None = None
    foreign_good_backups: ForeignBackups | None = None
    last_run: Run | None = None
    active_run: Run | None = None
    queued_runs: tuple[Run, ...] = ()
    next_due: datetime | None = None
    paused_schedules: tuple[str, ...] = ()
    retention: RetentionStatus = field(default_factory=RetentionStatus)
    copies: tuple[StoredCopies, ...] = ()
