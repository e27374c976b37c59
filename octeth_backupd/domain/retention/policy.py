"""The retention policy: how many periods each storage backend keeps, and where periods begin."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.counting import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.retention.periods import PeriodRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of how many days, weeks and months a backup is kept; each at least 1."""

    daily: int
    weekly: int
    monthly: int

    def __post_init__(self) -> None:
        if min(self.daily, self.weekly, self.monthly) < 1:
            raise ValueError("a count below 1 would delete every backup")

    def of(self, tier: Tier) -> int:
        """Return the count of a tier of periods."""
        return {Tier.DAILY: self.daily, Tier.WEEKLY: self.weekly, Tier.MONTHLY: self.monthly}[tier]

    @property
    def words(self) -> str:
        """Return the counts for people: "7 days, 4 weeks, 6 months"."""
        named = ((self.daily, "day"), (self.weekly, "week"), (self.monthly, "month"))
        return ", ".join(counted(count, word) for count, word in named)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """What is kept of one server.

    Attributes:
        counts: By name of storage backend; copies in any other are left alone.
        keep_manual_days: Days for which a backup made by hand, or a doubted one, is kept at least.
        schedules: Cron rules by name, for ``canonical``: a change of schedule must be confirmed as well.
    """

    counts: Mapping[str, Counts]
    keep_manual_days: int
    periods: PeriodRules
    schedules: Mapping[str, str] = field(default_factory=dict)

    @property
    def canonical(self) -> str:
        """Return the policy as a text that is equal for equal policies."""
        return json.dumps(
            {
                "counts": {name: asdict(counts) for name, counts in self.counts.items()},
                "keep_manual_days": self.keep_manual_days,
                "timezone": self.periods.timezone,
                "week_begins_on": self.periods.week_begins_on,
                "month_begins_on": self.periods.month_begins_on,
                "schedules": dict(self.schedules),
            },
            sort_keys=True,
        )
