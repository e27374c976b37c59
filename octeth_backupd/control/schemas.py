"""The JSON documents of the control interface: stable, documented in docs/reference/api.md.

Keys are only ever added. Times are ISO 8601 in UTC with a Z, sizes whole bytes, durations seconds. Every document
carries ``schema_version``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from octeth_backupd.control.notifier_view import NotifierView
from octeth_backupd.control.problem_view import ProblemView
from octeth_backupd.control.stock_view import StoredCopiesView
from octeth_backupd.domain.backup import CopyState, Mode, Operation, Origin, RunStatus, SlotState, Tier, Trigger
from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.summary import BackupStatus


def _in_rank(tiers: object) -> object:
    return sorted(tiers, key=lambda tier: tier.rank) if isinstance(tiers, frozenset) else tiers


RunId = Annotated[str, Field(validation_alias=AliasChoices("run_id", "id"))]
BackupId = Annotated[str, Field(validation_alias=AliasChoices("backup_id", "id"))]
Tiers = Annotated[list[Tier], BeforeValidator(_in_rank)]


class View(BaseModel):
    """A domain value as JSON; read from the value's attributes of the same names."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Document(BaseModel):
    """What an answer's body is."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    schema_version: Literal[1] = 1


class RunView(View):
    """A run; see domain.backup.Run."""

    id: RunId
    operation: Operation
    server: str
    trigger: Trigger
    tiers: Tiers
    status: RunStatus
    created_at: datetime
    requested_by: str
    started_at: datetime | None
    finished_at: datetime | None
    step: str
    backup_id: str | None
    error_code: str
    error: str
    hint: str
    suspect: str
    detail: dict[str, Any]


class StepView(View):
    """A step of a run; see domain.backup.StepRecord."""

    position: int
    name: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    detail: dict[str, Any]


class ProgressView(View):
    """How far a step is; see domain.events.StepProgress."""

    step: str
    done_bytes: int
    total_bytes: int
    rate_bytes_per_second: float
    at: datetime


class CopyView(View):
    """A backup's archive in one storage backend; see domain.backup.Copy."""

    storage: str
    key: str
    state: CopyState
    size_bytes: int
    updated_at: datetime
    verified_at: datetime | None
    detail: str


class BackupView(View):
    """A backup with all that is known of it: domain.summary.backup_summary, the manifest and more about the copies."""

    id: BackupId
    server: str
    taken_at: datetime
    finished_at: datetime
    tier: Tier
    tiers: Tiers
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
    suspect: str
    origin: Origin
    pinned: bool
    status: BackupStatus
    copies: list[CopyView]
    manifest: dict[str, Any]


class BackupSummaryView(View):
    """The newest good backup in a server's status."""

    id: BackupId
    taken_at: datetime
    age_seconds: float
    size_bytes: int
    proof: ProofLevel | None
    storages: list[str]


class ForeignBackupsView(View):
    """Good backups of other installations; see control.server_status.ForeignBackups."""

    count: int
    latest_id: str


class HoldView(View):
    """A doubt that keeps backups from expiring; see domain.holdings.Hold."""

    hold_id: int
    reason: str
    backup_id: str
    protected: list[str]
    begun_at: datetime


class RetentionStatusView(View):
    """Whether a server's backups expire as they should; see control.retention_services.RetentionStatus."""

    waits_for: str
    holds: list[HoldView]
    last_run: RunView | None


class ServerStatusView(View):
    """How one server's backups stand."""

    name: str
    placement: Placement
    last_good_backup: BackupSummaryView | None
    foreign_good_backups: ForeignBackupsView | None
    last_run: RunView | None
    active_run: RunView | None
    queued_runs: list[RunView]
    next_due: datetime | None
    paused_schedules: list[str]
    retention: RetentionStatusView
    copies: list[StoredCopiesView]


class RunningUploadView(View):
    """A copy that is being uploaded now."""

    backup_id: str
    run_id: str
    done_bytes: int
    total_bytes: int
    rate_bytes_per_second: float


class StorageUploadsView(View):
    """How the uploads to one remote storage backend stand."""

    storage: str
    configured: bool
    pending_copies: int
    pending_bytes: int
    pending_since: datetime | None
    last_error: str
    last_error_at: datetime | None
    next_try_at: datetime | None
    uploading: list[RunningUploadView]


class ScheduleItem(View):
    """One schedule of one server."""

    server: str
    schedule: str
    tier: Tier | None
    cron: str
    timezone: str
    next_due: datetime | None
    paused: bool
    paused_by: str
    paused_at: datetime | None
    last_due_at: datetime | None
    last_state: SlotState | None
    last_run_id: str | None
    last_detail: str


class CheckView(View):
    """The answer of one check; see domain.checks.CheckResult."""

    name: str
    server: str
    status: CheckStatus
    summary: str
    cause: str
    fix: str
    command: str


class HelloDocument(Document):
    """What is at this socket."""

    product: Literal["octeth-backupd"] = "octeth-backupd"
    api: Literal[1] = 1
    version: str


class StatusDocument(Document):
    """How the whole installation stands."""

    version: str
    installation_id: str
    started_at: datetime
    pid: int
    state: Literal["running", "stopping"]
    config_path: Path
    configuration_error: str
    scheduler_alive: bool
    warnings: list[str]
    warnings_in_problems: list[str]
    servers: list[ServerStatusView]
    uploads: list[StorageUploadsView]
    notifiers: list[NotifierView]
    problems: list[ProblemView]


class RunDocument(Document):
    """A run that was accepted, or asked to end."""

    run: RunView


class RunDetailDocument(Document):
    """A run with its steps; ``progress`` is null unless it is running."""

    run: RunView
    steps: list[StepView]
    progress: ProgressView | None


class RunsDocument(Document):
    """A page of runs, newest first; ``next_before`` fetches the next page and is null on the last one."""

    runs: list[RunView]
    next_before: str | None


class BackupDocument(Document):
    """A backup with manifest and copies."""

    backup: BackupView


class SchedulesDocument(Document):
    """Schedules."""

    schedules: list[ScheduleItem]


class DoctorDocument(Document):
    """All checks; ``passed`` when none failed and none is unknown."""

    passed: bool
    checks: list[CheckView]


class ConfigDocument(Document):
    """The settings in force, secrets masked."""

    settings: dict[str, Any]


class ErrorView(View):
    """What went wrong and what to do about it."""

    code: str
    message: str
    hint: str


class ErrorDocument(Document):
    """The body of every answer with a status of 400 or above."""

    error: ErrorView


class BackupOrder(BaseModel):
    """Body of ``POST /v1/backups``."""

    model_config = ConfigDict(extra="forbid")

    server: str | None = None
    wait: bool = False


class ScheduleSelection(BaseModel):
    """Body of pause and resume; null means all."""

    model_config = ConfigDict(extra="forbid")

    server: str | None = None
    schedule: str | None = None
