"""Backups, copies, runs, steps and slots: the values of the catalog, and the words for their states."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Tier(StrEnum):
    """The label of a backup; a run's tiers are a union, it is stored under the highest."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MANUAL = "manual"

    @property
    def rank(self) -> int:
        """Return the order in which tiers name a backup; the highest wins."""
        return {"manual": 0, "daily": 1, "weekly": 2, "monthly": 3}[self.value]


def highest_tier(tiers: frozenset[Tier]) -> Tier:
    """Return the tier under which a backup with these tiers is stored; manual when there is none."""
    return max(tiers, key=lambda tier: tier.rank, default=Tier.MANUAL)


class Trigger(StrEnum):
    """Why a run came to be."""

    SCHEDULE = "schedule"
    CATCH_UP = "catch-up"
    MANUAL = "manual"
    DAEMON = "daemon"
    """The daemon's own uploads, retention runs and what puts restores in order."""

    @property
    def serves_slots(self) -> bool:
        """Return whether a run of it takes the due times of schedules."""
        return self in {Trigger.SCHEDULE, Trigger.CATCH_UP}


class Mode(StrEnum):
    """How a backup becomes an archive. ``streamed`` is reserved for a later release."""

    PREPARED = "prepared"
    STREAMED = "streamed"


class VerifyMode(StrEnum):
    """How far the finished archive is read back."""

    FULL = "full"
    HASH = "hash"
    NONE = "none"


class Operation(StrEnum):
    """What a run does."""

    BACKUP = "backup"
    VERIFY = "verify"
    RESTORE = "restore"
    UNDO = "undo"
    RESOLVE = "resolve"
    EXPIRE = "expire"
    """Remove safety copies whose time is over."""
    UPLOAD = "upload"
    """Bring pending copies to where they belong."""
    RETENTION = "retention"
    """Expire copies by the retention policy."""
    DELETE = "delete"
    """Delete one backup as ordered."""
    SYNC = "sync"
    """Compare catalog and storage backends; belongs to no server."""

    @property
    def holds_server(self) -> bool:
        """Return whether a run of it keeps other runs from its server; the others touch nothing of the server's."""
        return self not in {Operation.UPLOAD, Operation.SYNC}

    @property
    def is_background(self) -> bool:
        """Return whether the daemon runs it by itself: an operator's run waits for it instead of being refused."""
        return self in {Operation.EXPIRE, Operation.UPLOAD, Operation.RETENTION, Operation.SYNC}


class Origin(StrEnum):
    """How a backup came into the catalog."""

    OWN = ""
    """A run of this installation, or a manifest that a sync found."""
    LEGACY = "legacy"
    """The bash tool made it: there is no manifest, and its archive is never changed."""


class RunStatus(StrEnum):
    """State of a run; all but the first two are outcomes and final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    DEGRADED = "degraded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    SKIPPED = "skipped"

    @property
    def is_final(self) -> bool:
        """Return whether nothing will change any more."""
        return self not in {RunStatus.QUEUED, RunStatus.RUNNING}

    @property
    def made_good_backup(self) -> bool:
        """Return whether a backup run with this outcome left a good backup."""
        return self in {RunStatus.SUCCESS, RunStatus.DEGRADED}


class CopyState(StrEnum):
    """State of a backup's archive in one storage backend."""

    PENDING = "pending"
    UPLOADING = "uploading"
    PRESENT = "present"
    MISSING = "missing"
    CORRUPT = "corrupt"
    RETAINED = "retained"
    DELETED = "deleted"

    @property
    def when_right(self) -> CopyState:
        """Return the state of a copy whose bytes were just read and found right."""
        return self if self is CopyState.RETAINED else CopyState.PRESENT


class SlotState(StrEnum):
    """What became of one due time of a schedule; every slot ends in one but ``due``."""

    DUE = "due"
    SERVED = "served"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    MISSED = "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One due time of a schedule of a server.

    Attributes:
        due_at: The civil time the cron rule names, as UTC.
        attempts: Failed runs that tried to serve it.
        detail: Why it ended as it did, in words.
    """

    server: str
    schedule: str
    tier: Tier
    due_at: datetime
    state: SlotState = SlotState.DUE
    attempts: int = 0
    run_id: str | None = None
    detail: str = ""
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """One step of a run as the catalog keeps it."""

    run_id: str
    position: int
    name: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of an operation.

    Attributes:
        requested_by: "schedule", or the peer of the control socket ("uid 0 (root)").
        error_code: ``BackupdError.code`` of what ended it; empty for a success.
        detail: Small facts for people (bytes, rates, warnings), JSON types only.
    """

    run_id: str
    operation: Operation
    server: str
    trigger: Trigger
    tiers: frozenset[Tier]
    status: RunStatus
    created_at: datetime
    requested_by: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    step: str = ""
    backup_id: str | None = None
    error_code: str = ""
    error: str = ""
    hint: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def suspect(self) -> str:
        """Return why the backup that it made was doubted as soon as it was there; empty: it was not, or made none."""
        return str(self.detail.get("suspect") or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A backup's archive in one storage backend.

    Attributes:
        key: Name inside the backend, ``<server>/<tier>/<file>``.
        verified_at: When its bytes were last read back and found right; None: never.
    """

    backup_id: str
    storage: str
    key: str
    state: CopyState
    size_bytes: int
    updated_at: datetime
    verified_at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A catalog entry.

    Attributes:
        backup_id: ``<server>-<YYYY-MM-DD_HH-MM-SS>``, unique in the catalog; the time is UTC.
        taken_at: When the engine was started, UTC.
        data_bytes: Size of the InnoDB files in the prepared backup.
        archive_bytes: Size of the archive.
        suspect: Why its content is doubted; empty: it is not.
        origin: How it came into the catalog.
        manifest: The whole manifest as JSON types; empty for what has none.
    """

    backup_id: str
    server: str
    taken_at: datetime
    finished_at: datetime
    tier: Tier
    tiers: frozenset[Tier]
    trigger: Trigger
    mode: Mode
    run_id: str
    installation_id: str
    archive_name: str
    sha256: str
    data_bytes: int
    archive_bytes: int
    vendor: str
    server_version: str
    engine: str
    engine_version: str
    to_lsn: int
    last_lsn: int
    suspect: str = ""
    origin: Origin = Origin.OWN
    manifest: Mapping[str, Any] = field(default_factory=dict)
    copies: tuple[Copy, ...] = ()
