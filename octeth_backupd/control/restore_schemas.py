"""The JSON documents about restores; for their rules see control.schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from octeth_backupd.control.schemas import Document, View
from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.plan import ArchiveFormat
from octeth_backupd.domain.restore.site import DataState, Source
from octeth_backupd.domain.restore.swap import SwapMethod
from octeth_backupd.domain.server import Placement, Vendor


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


UtcTime = Annotated[datetime, AfterValidator(_aware)]


class FactView(View):
    """One thing that is known of the server, and where from; see domain.restore.site.Fact."""

    name: str
    value: str
    source: Source


class ArchiveView(View):
    """The copy that is restored; see domain.restore.plan.ArchiveSource."""

    path: str
    storage: str
    name: str
    archive_format: ArchiveFormat
    size_bytes: int
    sha256: str
    sha256_from: str
    unpacked_bytes: int
    has_manifest: bool
    reason: str
    key: str
    is_remote: bool
    fetch_bytes: int


class SiteView(View):
    """Where a restore goes; see domain.restore.site.Site. Variables and command are left out: they may hold secrets."""

    server: str
    placement: Placement
    container: str
    image: str
    systemd_unit: str
    vendor: Vendor
    version: str
    data_directory: Path
    host_paths: dict[str, Path]
    log_bin: bool
    is_running: bool
    is_answering: bool
    data_state: DataState
    user_schemas: list[str]


class SwapView(View):
    """Which directory changes places with what; see domain.restore.swap.Swap."""

    role: str
    live: Path
    room: Path
    method: SwapMethod


class SpaceView(View):
    """Room on one file system; see domain.restore.plan.SpaceLine."""

    path: Path
    purpose: str
    needed_bytes: int
    reserve_bytes: int
    free_bytes: int
    is_enough: bool


class RefusalView(View):
    """Why it cannot be done as it was ordered; see domain.restore.plan.Refusal."""

    code: str
    message: str
    hint: str
    flag: str


class PlanView(View):
    """Everything a restore would do; see domain.restore.plan.RestorePlan."""

    server: str
    backup_id: str
    taken_at: datetime | None
    archive: ArchiveView | None
    site: SiteView | None
    target_directory: Path | None
    facts: list[FactView]
    swaps: list[SwapView]
    staging: list[Path]
    spaces: list[SpaceView]
    prepare: str
    carried_over: list[str]
    exchange: str
    rehearsal: str
    accounts: str
    downtime: str
    old_data: str
    refusals: list[RefusalView]
    warnings: list[str]


class RestorePlanDocument(Document):
    """The plan of a restore; ``possible`` when nothing is refused."""

    possible: bool
    plan: PlanView


class RestoreView(View):
    """A restore or undo that is not finished, or whose safety copy is there; see domain.restore.journal.Journal."""

    id: str
    operation: str
    undoes: str
    server: str
    backup_id: str
    archive: str
    state: State
    is_open: bool
    reason: str
    requested_by: str
    created_at: datetime
    state_since: datetime
    carried_over: list[str]
    safety_copy: list[Path]
    safety_copy_bytes: int | None
    expires_at: datetime | None
    advice: list[str]


class RestoresDocument(Document):
    """Restores that an operator should know of, newest first."""

    restores: list[RestoreView]


class RestoreWish(BaseModel):
    """Body of ``POST /v1/restores/plan``."""

    model_config = ConfigDict(extra="forbid")

    backup: str = ""
    server: str | None = None
    before: UtcTime | None = None
    file: Path | None = None
    to: Path | None = None
    rehearse: bool = True
    force: bool = False
    force_foreign: bool = False
    keep_server_uuid: bool = False
    cancel_running: bool = False
    old_password: SecretStr | None = Field(default=None, min_length=1, max_length=1024)


class ConfirmedRestoreWish(RestoreWish):
    """Body of ``POST /v1/restores``."""

    confirm: str = ""


class Confirmation(BaseModel):
    """Body of ``POST /v1/servers/{name}/undo``."""

    model_config = ConfigDict(extra="forbid")

    confirm: str = ""


class VerifyOptions(BaseModel):
    """Body of ``POST /v1/backups/{part}/verify``."""

    model_config = ConfigDict(extra="forbid")

    deep: bool = False
    storage: str = ""
