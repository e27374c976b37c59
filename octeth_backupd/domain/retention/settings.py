"""The ``[retention]`` section: how many backups are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.retention.periods import period_rules
from octeth_backupd.domain.retention.policy import Counts, RetentionPolicy
from octeth_backupd.domain.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping


def _at_least_one(count: int) -> int:
    if count < 1:
        raise ValueError("must be at least 1: keeping none would delete every backup")
    return count


KeepCount = Annotated[int, AfterValidator(_at_least_one)]


class RemoteRetentionSettings(Section):
    """Other counts for remote storage backends, such as an S3 bucket. What is absent is as in ``[retention]``."""

    daily: KeepCount | None = Field(default=None, description="Days of which a backup is kept there.")
    weekly: KeepCount | None = Field(default=None, description="Weeks of which a backup is kept there.")
    monthly: KeepCount | None = Field(default=None, description="Months of which a backup is kept there.")


class RetentionSettings(Section):
    """How many backups are kept: the oldest good one of each of the last days, weeks and months that have one."""

    daily: KeepCount = Field(default=7, description="Days of which a backup is kept.")
    weekly: KeepCount = Field(
        default=4,
        description="Weeks of which a backup is kept. A week begins on the weekday of the weekly schedule.",
    )
    monthly: KeepCount = Field(
        default=6,
        description="Months of which a backup is kept. A month begins on the day of the monthly schedule.",
    )
    keep_manual_days: KeepCount = Field(
        default=7,
        description="Days for which a backup made by hand, or a doubted one, is kept at least.",
    )
    remote: RemoteRetentionSettings = Field(
        default_factory=RemoteRetentionSettings, description="Other counts for remote storage backends."
    )

    def counts(self, *, is_remote: bool) -> Counts:
        """Return the counts that hold for a storage backend."""
        other = self.remote if is_remote else RemoteRetentionSettings()
        return Counts(
            daily=other.daily or self.daily,
            weekly=other.weekly or self.weekly,
            monthly=other.monthly or self.monthly,
        )

    def policy(self, storages: Mapping[str, bool], *, timezone: str, schedules: Mapping[Tier, str]) -> RetentionPolicy:
        """Return what is kept in the storage backends there are.

        Args:
            storages: Name of each, and whether it is remote.
            timezone: Of the schedules.
            schedules: Cron rules of the schedules by tier; empty for one that is off.
        """
        return RetentionPolicy(
            counts={name: self.counts(is_remote=is_remote) for name, is_remote in storages.items()},
            keep_manual_days=self.keep_manual_days,
            periods=period_rules(
                timezone=timezone,
                weekly=schedules.get(Tier.WEEKLY, ""),
                monthly=schedules.get(Tier.MONTHLY, ""),
            ),
            schedules={tier.value: rule for tier, rule in schedules.items()},
        )
