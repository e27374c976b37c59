"""The JSON documents of keeping and deleting; stable like those of control.schemas."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from octeth_backupd.control.schemas import BackupDocument, Document, HoldView, RunView, View
from octeth_backupd.domain.holdings import ProofLevel

_LONGEST_NOTE = 500
Note = Annotated[str, Field(max_length=_LONGEST_NOTE)]


class PinView(View):
    """A backup is pinned; see domain.holdings.Pin."""

    note: str
    pinned_by: str
    pinned_at: datetime


class ProofView(View):
    """Something that was shown of a backup; see domain.holdings.Proof."""

    level: ProofLevel
    storage: str
    proven_at: datetime
    run_id: str
    detail: str


class AcceptView(View):
    """A doubt that an operator answered; see domain.holdings.Accept."""

    doubt: str
    note: str
    accepted_by: str
    accepted_at: datetime


class HoldingsView(View):
    """What is said of one backup; see control.retention_services.BackupHoldings."""

    pin: PinView | None
    holds: list[HoldView]
    proofs: list[ProofView]
    accepts: list[AcceptView]


class BackupDetailDocument(BackupDocument):
    """A backup with manifest, copies and what is said of it."""

    holdings: HoldingsView


class RunsAcceptedDocument(Document):
    """Runs that were accepted, one a server."""

    runs: list[RunView]


class RetentionWish(BaseModel):
    """Body of ``POST /v1/retention``."""

    model_config = ConfigDict(extra="forbid")

    server: str | None = None
    despite_hold: bool = False


class Noted(BaseModel):
    """Body of pin and accept."""

    model_config = ConfigDict(extra="forbid")

    note: Note = ""


class Deletion(BaseModel):
    """Body of delete; ``confirm`` is the name of the backup's server."""

    model_config = ConfigDict(extra="forbid")

    confirm: str = ""
    force: bool = False
