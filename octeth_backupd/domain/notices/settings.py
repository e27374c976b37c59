"""The ``[notices]`` section: from when on something is a problem that people are told of."""

from __future__ import annotations

from pydantic import Field

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.section import Section


class OverdueSettings(Section):
    """After how many seconds without a good backup a tier is overdue. What is absent follows from its schedule."""

    daily: int | None = Field(default=None, ge=3600, description="Of the daily backups.")
    weekly: int | None = Field(default=None, ge=3600, description="Of the weekly backups.")
    monthly: int | None = Field(default=None, ge=3600, description="Of the monthly backups.")

    def of(self, tier: Tier) -> int | None:
        """Return the limit of a tier; None where its schedule decides."""
        return {Tier.DAILY: self.daily, Tier.WEEKLY: self.weekly, Tier.MONTHLY: self.monthly}.get(tier)


class NoticesSettings(Section):
    """From when on something is a problem that people are told of. Who is told, and how, is in ``[notify.NAME]``."""

    overdue_grace_seconds: int = Field(
        default=7200,
        ge=0,
        description=(
            "How long after a schedule's due time a good backup may still be missing: a nightly backup is overdue "
            "26 hours after the last good one."
        ),
    )
    overdue_after_seconds: OverdueSettings = Field(
        default_factory=OverdueSettings,
        description="Limits that hold instead of what follows from the schedules.",
    )
    upload_pending_seconds: int = Field(
        default=21600,
        ge=60,
        description="How long a copy may wait to be uploaded. One that a backup run failed to upload is told at once.",
    )
    disk_full_days: int = Field(
        default=7,
        ge=0,
        le=365,
        description=(
            "Tell that a disk will be full when that is fewer days away, going by how it filled lately. "
            "0: only when the next backup does not fit."
        ),
    )
