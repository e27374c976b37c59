"""The document of ``GET /v1/freshness``: whether each server has a backup that is good enough."""

from __future__ import annotations

from datetime import datetime

from octeth_backupd.control.schemas import BackupId, Document, View
from octeth_backupd.domain.freshness import Verdict
from octeth_backupd.domain.holdings import ProofLevel


class VerifiedView(View):
    """A good backup of which something was shown; see domain.freshness.Verified."""

    id: BackupId
    taken_at: datetime
    size_bytes: int
    proof: ProofLevel
    storages: list[str]


class FreshnessView(View):
    """The judgement of one server; see domain.freshness.Freshness."""

    server: str
    verdict: Verdict
    backup: VerifiedView | None
    age_seconds: float | None
    problems: list[str]


class FreshnessDocument(Document):
    """The judgement of all servers that were asked about; ``verdict`` is the worst of theirs."""

    verdict: Verdict
    servers: list[FreshnessView]
