"""Days, weeks and months as the schedules define them: which one a moment belongs to."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from cronsim import CronSim

from octeth_backupd.domain.backup import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

MONDAY = 0
PERIOD_TIERS = (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)
_REFERENCE = datetime(2000, 1, 1, tzinfo=UTC)
_ALL_DAYS = set(range(1, 32))
_IN_EVERY_MONTH = 28
_LAST_DAY = -1000
"""How cronsim writes the day of month "L"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRules:
    """Where civil days, weeks and months begin.

    Attributes:
        timezone: IANA name; a day is a civil day there, be it of 23, 24 or 25 hours.
        week_begins_on: 0 is Monday.
        month_begins_on: Day of the month; in a month that is shorter, its last day.
    """

    timezone: str
    week_begins_on: int = MONDAY
    month_begins_on: int = 1
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_zone", ZoneInfo(self.timezone))

    def periods_of(self, moment: datetime) -> Mapping[Tier, date]:
        """Return the first day of the day, the week and the month that a moment belongs to."""
        day = moment.astimezone(self._zone).date()
        return {Tier.DAILY: day, Tier.WEEKLY: self._week_of(day), Tier.MONTHLY: self._month_of(day)}

    def _week_of(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_begins_on) % 7)

    def _month_of(self, day: date) -> date:
        first = self._begin_in(day.year, day.month)
        if day >= first:
            return first
        return self._begin_in(day.year, day.month - 1) if day.month > 1 else self._begin_in(day.year - 1, 12)

    def _begin_in(self, year: int, month: int) -> date:
        if self.month_begins_on <= _IN_EVERY_MONTH:
            return date(year, month, self.month_begins_on)
        return date(year, month, min(self.month_begins_on, calendar.monthrange(year, month)[1]))


def period_rules(*, timezone: str, weekly: str, monthly: str) -> PeriodRules:
    """Return where periods begin by the schedules.

    Args:
        timezone: IANA name of the schedules' time zone.
        weekly: Cron rule of the weekly schedule; a week begins on its weekday, Monday when it has none or several.
        monthly: Cron rule of the monthly schedule; a month begins on its day, the first when it has none or several.
    """
    return PeriodRules(timezone=timezone, week_begins_on=_weekday_of(weekly), month_begins_on=_day_of_month_of(monthly))


def _weekday_of(expression: str) -> int:
    if not expression:
        return MONDAY
    rule = CronSim(expression, _REFERENCE)
    weekdays = {day % 7 for day in rule.weekdays if isinstance(day, int)}
    if rule.days != _ALL_DAYS or len(weekdays) != 1 or not all(isinstance(day, int) for day in rule.weekdays):
        return MONDAY
    return (weekdays.pop() - 1) % 7


def _day_of_month_of(expression: str) -> int:
    if not expression:
        return 1
    rule = CronSim(expression, _REFERENCE)
    if len(rule.days) != 1 or not set(range(7)) <= set(rule.weekdays):
        return 1
    day = int(next(iter(rule.days)))
    if day == _LAST_DAY:
        return 31
    return day if day in _ALL_DAYS else 1


def period_words(tier: Tier, begin: date) -> str:
    """Return the name of a period: "2026-11-22", "the week from 2026-11-22", "the month from 2026-11-01"."""
    match tier:
        case Tier.WEEKLY:
            return f"the week from {begin}"
        case Tier.MONTHLY:
            return f"the month from {begin}"
        case _:
            return str(begin)
