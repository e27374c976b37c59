"""Days, weeks and months by the schedules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.retention.periods import PeriodRules, period_rules, period_words

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Sao_Paulo"]


def rules(weekly: str = "0 2 * * sun", monthly: str = "0 2 1 * *", timezone: str = "UTC") -> PeriodRules:
    return period_rules(timezone=timezone, weekly=weekly, monthly=monthly)


@pytest.mark.parametrize(
    ("expression", "weekday"),
    [
        ("0 2 * * mon", 0),
        ("0 2 * * 3", 2),
        ("0 2 * * sun", 6),
        ("0 2 * * 0", 6),
        ("0 2 * * 7", 6),
        ("0 2 * * 0,7", 6),
        ("0 2 * * 2,5", 0),
        ("0 2 * * *", 0),
        ("0 2 * * 3#1", 0),
        ("0 2 * * 5L", 0),
        ("0 2 13 * fri", 0),
        ("", 0),
    ],
)
def test_week_begins_on_the_weekday_of_the_weekly_schedule_or_on_monday(expression: str, weekday: int) -> None:
    assert rules(weekly=expression).week_begins_on == weekday


@pytest.mark.parametrize(
    ("expression", "day"),
    [
        ("0 2 1 * *", 1),
        ("0 2 15 * *", 15),
        ("0 2 L * *", 31),
        ("0 2 LW * *", 1),
        ("0 2 1,15 * *", 1),
        ("0 2 * * *", 1),
        ("0 2 * * 1#1", 1),
        ("0 2 15 * fri", 1),
        ("", 1),
    ],
)
def test_month_begins_on_the_day_of_the_monthly_schedule_or_on_the_first(expression: str, day: int) -> None:
    assert rules(monthly=expression).month_begins_on == day


def test_day_is_a_civil_day_in_the_time_zone_of_the_schedules() -> None:
    moment = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)

    assert rules(timezone="Europe/Berlin").periods_of(moment)[Tier.DAILY] == date(2026, 11, 22)
    assert rules(timezone="UTC").periods_of(moment)[Tier.DAILY] == date(2026, 11, 21)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_days_of_23_and_25_hours_are_one_day_each(day: date) -> None:
    midnight = datetime(day.year, day.month, day.day, tzinfo=BERLIN).astimezone(UTC)
    end = datetime(day.year, day.month, day.day + 1, tzinfo=BERLIN).astimezone(UTC)
    berlin = rules(timezone="Europe/Berlin")

    moments = [midnight + timedelta(minutes=minutes) for minutes in range(0, int((end - midnight).seconds / 60), 15)]

    assert {berlin.periods_of(moment)[Tier.DAILY] for moment in moments} == {day}
    assert berlin.periods_of(midnight - timedelta(seconds=1))[Tier.DAILY] == day - timedelta(days=1)
    assert berlin.periods_of(end)[Tier.DAILY] == day + timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "begins_on", "first"),
    [
        (date(2026, 2, 27), 31, date(2026, 1, 31)),
        (date(2026, 2, 28), 31, date(2026, 2, 28)),
        (date(2026, 3, 1), 31, date(2026, 2, 28)),
        (date(2028, 2, 29), 30, date(2028, 2, 29)),
        (date(2026, 1, 14), 15, date(2025, 12, 15)),
        (date(2026, 1, 15), 15, date(2026, 1, 15)),
    ],
)
def test_short_month_begins_on_its_last_day_at_the_latest(day: date, begins_on: int, first: date) -> None:
    found = PeriodRules(timezone="UTC", month_begins_on=begins_on)

    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

    assert found.periods_of(moment)[Tier.MONTHLY] == first


@given(
    minutes=st.integers(0, 60 * 366 * 24 * 60),
    later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=70)),
    zone=st.sampled_from(ZONES),
    weekday=st.integers(0, 6),
    day=st.integers(1, 31),
)
def test_periods_never_run_backwards_and_hold_their_moment(
    minutes: int, later: timedelta, zone: str, weekday: int, day: int
) -> None:
    found = PeriodRules(timezone=zone, week_begins_on=weekday, month_begins_on=day)
    moment = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

    before, after = found.periods_of(moment), found.periods_of(moment + later)

    civil = moment.astimezone(ZoneInfo(zone)).date()
    assert before[Tier.DAILY] == civil
    assert before[Tier.WEEKLY].weekday() == weekday
    assert 0 <= (civil - before[Tier.WEEKLY]).days < 7
    assert 0 <= (civil - before[Tier.MONTHLY]).days < 31
    assert before[Tier.DAILY] >= before[Tier.WEEKLY]
    if later >= timedelta(hours=3):  # less may be taken back by a clock change around midnight
        assert all(before[tier] <= after[tier] for tier in before)


def test_periods_have_names_for_people() -> None:
    begin = date(2026, 11, 22)

    assert period_words(Tier.DAILY, begin) == "2026-11-22"
    assert period_words(Tier.WEEKLY, begin) == "the week from 2026-11-22"
    assert period_words(Tier.MONTHLY, begin) == "the month from 2026-11-22"
