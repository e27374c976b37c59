"""What is counted and measured of an installation: the values that metrics are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, Tier
    from octeth_backupd.domain.holdings import ProofLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodBackup:
    """The newest good, unsuspect backup of ours of a server; what a wrong clock dated in the future does not count."""

    backup_id: str
    taken_at: datetime
    data_bytes: int
    archive_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFigures:
    """One step of a run that has ended.

    Attributes:
        done_bytes: What it read or wrote; None where it does not count bytes.
    """

    name: str
    duration_seconds: float
    done_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRun:
    """The newest backup run of a server that has ended; skipped ones, which did nothing, left out."""

    run_id: str
    status: RunStatus
    finished_at: datetime
    duration_seconds: float
    steps: tuple[StepFigures, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFigures:
    """Copies of one kind, summed."""

    count: int = 0
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCopies:
    """How many copies of a server's backups are in one storage backend, by tier and state."""

    storage: str
    tier: Tier
    state: CopyState
    copies: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingFigures:
    """Copies that are not where they belong yet.

    Attributes:
        since: When the oldest backup among them was made.
    """

    count: int
    size_bytes: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogFigures:
    """What the catalog counts, as of one moment.

    Attributes:
        good: Server → its newest good backup.
        good_of_tier: (server, tier) → when the newest good backup of ours with that tier was taken.
        ended: Server → its newest ended backup run.
        runs: (server, operation, outcome) → how many since the catalog was begun.
        slots: (server, tier, state) → how many since the catalog was begun.
        copies: (server, tier, storage, state) → copies; deleted ones left out.
        pending: (server, storage) → copies that wait.
        holds: Server → open holds.
        proven: (server, level) → when a backup was last shown to be of that level.
        known_since: (server, tier) → since when the schedule is what it is.
        size_bytes: Of the catalog's files.
    """

    good: Mapping[str, GoodBackup] = field(default_factory=dict)
    good_of_tier: Mapping[tuple[str, Tier], datetime] = field(default_factory=dict)
    ended: Mapping[str, EndedRun] = field(default_factory=dict)
    runs: Mapping[tuple[str, Operation, RunStatus], int] = field(default_factory=dict)
    slots: Mapping[tuple[str, Tier, SlotState], int] = field(default_factory=dict)
    copies: Mapping[tuple[str, Tier, str, CopyState], CopyFigures] = field(default_factory=dict)
    pending: Mapping[tuple[str, str], PendingFigures] = field(default_factory=dict)
    holds: Mapping[str, int] = field(default_factory=dict)
    proven: Mapping[tuple[str, ProofLevel], datetime] = field(default_factory=dict)
    known_since: Mapping[tuple[str, Tier], datetime] = field(default_factory=dict)
    size_bytes: int = 0

    def stored(self, server: str) -> tuple[StoredCopies, ...]:
        """Return the copies of a server's backups, by storage backend, tier and state."""
        return tuple(
            StoredCopies(storage=storage, tier=tier, state=state, copies=one.count, size_bytes=one.size_bytes)
            for (owner, tier, storage, state), one in sorted(
                self.copies.items(), key=lambda item: (item[0][2], item[0][1].rank, item[0][3])
            )
            if owner == server
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleFigures:
    """A schedule that makes backups.

    Attributes:
        next_due: None while it is paused, or when it never comes due again.
    """

    server: str
    tier: Tier
    next_due: datetime | None
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFigures:
    """What restores of a server left, or have yet to finish."""

    open_restores: int = 0
    safety_copies: int = 0
    safety_copy_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFigures:
    """A file system that matters.

    Attributes:
        place: What it is for: ``backups``, ``workspace`` or ``state``.
    """

    place: str
    free_bytes: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything, as of ``taken_at``.

    Attributes:
        servers: The configured servers: of others nothing is told but what still takes up room.
        storages: The configured storage backends.
        running: (server, operation) → when the run that goes on now began.
        configuration_in_force: The file on the disk is what the daemon works by, as far as it knows.
        warnings: How many things ``status`` warns of.
    """

    taken_at: datetime
    version: str
    started_at: datetime
    servers: tuple[str, ...]
    storages: tuple[str, ...]
    catalog: CatalogFigures
    schedules: tuple[ScheduleFigures, ...] = ()
    running: Mapping[tuple[str, Operation], datetime] = field(default_factory=dict)
    restores: Mapping[str, RestoreFigures] = field(default_factory=dict)
    places: tuple[PlaceFigures, ...] = ()
    scheduler_alive: bool = True
    configuration_in_force: bool = True
    warnings: int = 0
