"""Cron rules over clock changes, leap days and bad input."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octeth_backupd.domain.cron import CronRule, check_timezone
from octeth_backupd.errors import ConfigurationError

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Havana",
    "Asia/Kathmandu",
)
YEAR_BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
YEAR_ENDS = datetime(2027, 1, 1, tzinfo=UTC)


def rule(expression: str, timezone: str = "UTC") -> CronRule:
    return CronRule(expression=expression, timezone=timezone)


def civil_days(expression: str, timezone: str, *, first: date, last: date) -> Counter[date]:
    zone = ZoneInfo(timezone)
    after = datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC) - timedelta(seconds=1)
    until = datetime(last.year, last.month, last.day, 23, 59, 59, tzinfo=zone).astimezone(UTC)
    return Counter(time.astimezone(zone).date() for time in rule(expression, timezone).times_between(after, until))


def clock_changes(timezone: str) -> list[date]:
    zone = ZoneInfo(timezone)
    hours = [YEAR_BEGINS + timedelta(hours=hour) for hour in range(365 * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    return [
        hours[index].astimezone(zone).date() for index in range(1, len(hours)) if offsets[index] != offsets[index - 1]
    ]


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
def test_daily_rule_fires_once_on_every_civil_day_of_a_year(timezone: str, hour: int) -> None:
    days = civil_days(f"30 {hour} * * *", timezone, first=date(2026, 1, 1), last=date(2026, 12, 31))

    assert len(days) == 365
    assert set(days.values()) == {1}


@pytest.mark.parametrize("timezone", ZONES[1:])
def test_every_quarter_of_every_hour_fires_once_a_day_around_clock_changes(timezone: str) -> None:
    rules = [f"{minute} {hour} * * *" for hour in range(24) for minute in (0, 15, 30, 45)]

    for change in clock_changes(timezone):
        first, last = change - timedelta(days=2), change + timedelta(days=2)
        for expression in rules:
            days = civil_days(expression, timezone, first=first, last=last)

            assert days == {first + timedelta(days=day): 1 for day in range(5)}, expression


@pytest.mark.parametrize("expression", ["0 */24 * * *", "*/60 2 * * *", "0 2/22 * * *"])
def test_rule_with_stars_that_means_one_time_fires_once_a_day_around_clock_changes(expression: str) -> None:
    for timezone in ("Europe/Berlin", "Asia/Beirut"):
        days = civil_days(expression, timezone, first=date(2026, 1, 1), last=date(2026, 12, 31))

        assert len(days) == 365
        assert set(days.values()) == {1}


def test_time_in_the_gap_runs_at_its_end() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)

    assert rule("30 2 * * *", "Europe/Berlin").next_after(before) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_time_in_the_repeated_hour_runs_the_first_time_only() -> None:
    berlin = rule("30 2 * * *", "Europe/Berlin")
    first_pass = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    assert berlin.next_after(first_pass - timedelta(hours=1)) == first_pass
    assert berlin.next_after(first_pass) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert berlin.next_after(first_pass + timedelta(minutes=45)) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_hourly_rule_fires_in_every_real_hour_of_a_clock_change() -> None:
    for change in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)):
        times = list(rule("0 * * * *", "Europe/Berlin").times_between(change, change + timedelta(hours=6)))

        assert times == [change + timedelta(hours=hour) for hour in range(1, 7)]


def test_day_31_fires_in_long_months_only() -> None:
    months = [time.month for time in rule("0 2 31 * *").times_between(YEAR_BEGINS, YEAR_ENDS)]

    assert months == [1, 3, 5, 7, 8, 10, 12]


def test_leap_day_fires_every_four_years_and_not_in_2100() -> None:
    leap = rule("0 2 29 2 *")

    assert leap.next_after(YEAR_BEGINS) == datetime(2028, 2, 29, 2, tzinfo=UTC)
    assert leap.next_after(datetime(2096, 3, 1, tzinfo=UTC)) == datetime(2104, 2, 29, 2, tzinfo=UTC)


def test_last_day_of_month_fires_twelve_times_a_year() -> None:
    days = [time.day for time in rule("0 2 L * *").times_between(YEAR_BEGINS, YEAR_ENDS)]

    assert days == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


@pytest.mark.parametrize("sunday", ["0", "7", "sun", "SUN"])
def test_zero_and_seven_are_sunday(sunday: str) -> None:
    assert rule(f"0 2 * * {sunday}").next_after(YEAR_BEGINS).isoweekday() == 7


def test_one_to_five_are_monday_to_friday() -> None:
    days = {time.isoweekday() for time in rule("0 2 * * 1-5").times_between(YEAR_BEGINS, YEAR_ENDS)}

    assert days == {1, 2, 3, 4, 5}


def test_day_of_month_and_day_of_week_are_alternatives() -> None:
    times = list(rule("0 2 1,15 * mon").times_between(YEAR_BEGINS, datetime(2026, 2, 1, tzinfo=UTC)))

    assert [time.day for time in times] == [1, 5, 12, 15, 19, 26]


def test_next_after_a_moment_with_a_fraction_is_later_than_it() -> None:
    moment = datetime(2026, 1, 1, 2, 0, 0, 1, tzinfo=UTC)

    assert rule("0 2 * * *").next_after(moment) == datetime(2026, 1, 2, 2, tzinfo=UTC)


def test_next_after_is_strictly_later_than_its_own_result() -> None:
    first = rule("0 2 * * *").next_after(YEAR_BEGINS)

    assert rule("0 2 * * *").next_after(first) == first + timedelta(days=1)


def test_times_between_excludes_its_start_and_includes_its_end() -> None:
    start = datetime(2026, 1, 1, 2, tzinfo=UTC)
    end = datetime(2026, 1, 3, 2, tzinfo=UTC)

    assert list(rule("0 2 * * *").times_between(start, end)) == [start + timedelta(days=1), end]


def test_times_are_in_utc() -> None:
    assert rule("0 2 * * *", "Asia/Kathmandu").next_after(YEAR_BEGINS).tzinfo is UTC


@pytest.mark.parametrize("expression", ["0 2 * * *", "0 2 1 * *", "*/7 * * * *", "0 2 31 12 *"])
def test_latest_between_is_the_end_of_times_between(expression: str) -> None:
    until = datetime(2026, 3, 1, 2, tzinfo=UTC)
    all_times = list(rule(expression).times_between(YEAR_BEGINS, until))

    assert rule(expression).latest_between(YEAR_BEGINS, until, limit=50) == all_times[-50:]


def test_latest_between_of_a_minutely_rule_does_not_walk_through_a_century(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    real = CronRule.next_after

    def counted(self: CronRule, moment: datetime) -> datetime:
        nonlocal calls
        calls += 1
        return real(self, moment)

    monkeypatch.setattr(CronRule, "next_after", counted)

    times = rule("* * * * *").latest_between(datetime(1970, 1, 1, tzinfo=UTC), YEAR_BEGINS, limit=100)

    assert times[-1] == YEAR_BEGINS
    assert len(times) == 100
    assert calls < 1000


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("0 25 * * *", 'hour "25"', "0-23"),
        ("60 2 * * *", 'minute "60"', "0-59"),
        ("0 2 0 * *", 'day of month "0"', "1-31"),
        ("0 2 * 13 *", 'month "13"', "jan-dec"),
        ("0 2 * * 8", 'day of week "8"', "0 and 7 are Sunday"),
        ("0 2 * * fri-mon", 'day of week "fri-mon"', "ascending"),
        ("0 2 * * ?", 'day of week "?"', "*"),
        ("*/0 2 * * *", 'minute "*/0"', "steps"),
        ("0 2 ٣ * *", 'day of month "٣"', "1-31"),
        ("0 2 * *", "4 fields instead of 5", "five fields"),
        ("", "0 fields instead of 5", "five fields"),
        ("2am", "1 fields instead of 5", "five fields"),
        ("* * * * * *", "6 fields instead of 5", "Seconds cannot be given"),
        ("@daily", "nickname", '"0 0 * * *"'),
        ("0 2 31 2 *", "never fires", "L as day of month"),
        ("0 2 30 2 *", "never fires", "L as day of month"),
        ("0 2 31 4,6,9,11 *", "never fires", "L as day of month"),
        ("1" * 5000, "5000 characters", "five fields"),
        ("0 2 * * " + "9" * 190, "day of week", "0-7"),
    ],
)
def test_impossible_rule_is_refused_with_what_would_be_right(expression: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        rule(expression)

    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "name", ["", " ", "America", "../etc/passwd", "/etc/localtime", "Europe/Atlantis", "\0", "UTC+2"]
)
def test_unknown_timezone_is_refused_with_what_would_be_right(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_timezone(name)

    assert "Europe/Berlin" in caught.value.hint


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 2 * * *", "At 02:00 every day"),
        ("30 2 * * mon-fri", "At 02:30 on Monday through Friday"),
        ("0 2 1 * *", "At 02:00 on the first day of every month"),
    ],
)
def test_rule_is_explained_in_english(expression: str, words: str) -> None:
    assert rule(expression).explain() == words


def test_white_space_makes_no_difference() -> None:
    assert rule(" 0  2 * *\t* ") == rule("0 2 * * *")


_TERMS = st.sampled_from(
    [
        "*",
        "*/2",
        "*/60",
        "0",
        "1",
        "5",
        "12",
        "31",
        "1-5",
        "0-7/2",
        "L",
        "LW",
        "5L",
        "1#5",
        "mon",
        "feb",
        "7",
        "x",
        "-",
        "/",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(_TERMS, min_size=1, max_size=2).map(",".join), min_size=4, max_size=6).map(" ".join))
def test_any_text_is_either_refused_or_fires_later_and_can_be_explained(expression: str) -> None:
    try:
        accepted = rule(expression, "Europe/Berlin")
    except ConfigurationError:
        return

    assert accepted.next_after(YEAR_BEGINS) > YEAR_BEGINS
    assert accepted.explain()
