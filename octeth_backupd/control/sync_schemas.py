"""The JSON documents of a sync; see control.schemas for the rules."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from octeth_backupd.control.schemas import Document, View
from octeth_backupd.domain.sync.report import FindingKind, Repair


class FindingView(View):
    """One thing that is not as it should be; see domain.sync.report.Finding."""

    kind: FindingKind
    storage: str
    key: str
    detail: str
    backup_id: str
    installation_id: str
    repair: Repair | None
    outcome: str
    is_repaired: bool
    is_known: bool = False
    has_other_copy: bool = False


class StorageReportView(View):
    """What was found in one storage backend; see domain.sync.report.StorageReport."""

    storage: str
    problem: str
    hint: str
    archives: int
    archive_bytes: int
    added: int
    changed: int
    counts: dict[str, int]
    findings: list[FindingView]


class InstallationView(View):
    """Whose backups are known; see domain.sync.report.InstallationReport."""

    installation_id: str
    is_own: bool
    is_ours: bool
    servers: list[str]
    backups: int
    newest: str


class SyncReportView(View):
    """A whole sync; see domain.sync.report.SyncReport. ``problems`` is why its run is degraded."""

    run_id: str
    at: datetime
    repair: bool
    adopted: str
    states_taken: int
    installations: list[InstallationView]
    storages: list[StorageReportView]
    problems: list[str]
    findings_left_out: int


class SyncReportDocument(Document):
    """The last sync's report; null when there was none yet."""

    report: SyncReportView | None


class SyncWish(BaseModel):
    """Body of ``POST /v1/sync``; see domain.restore.order.SyncOrder."""

    model_config = ConfigDict(extra="forbid")

    adopt: str = Field(
        default="", pattern=r"^([0-9a-f]{8,32})?$", description="An installation's id, or how it begins."
    )
    repair: bool = False
    server: str | None = None
