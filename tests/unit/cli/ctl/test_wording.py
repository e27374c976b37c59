"""Numbers and times in the words of people."""

import time
from datetime import UTC, datetime

import pytest

from octeth_backupd.cli.ctl.wording import (
    about,
    about_since,
    about_until,
    counted,
    duration,
    listed,
    local_time,
    moment,
    rate,
    relative,
    run_seconds,
    short_time,
    size,
)

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536 * 1024**2, "1.5 GiB"), (3 * 1024**6, "3072.0 PiB")],
)
def test_sizes_have_binary_units(count: int, text: str) -> None:
    assert size(count) == text


def test_rates_are_sizes_per_second() -> None:
    assert rate(200e6) == "190.7 MiB/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (90_000, "25 h 00 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "expected"), [("2026-11-22T02:00:00Z", "1 h 00 min ago"), ("2026-11-22T03:20:00Z", "in 20 min 00 s")]
)
def test_times_are_told_relative_to_now(text: str, expected: str) -> None:
    assert relative(text, now=NOW) == expected


def test_times_are_shown_in_the_machines_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Istanbul")
    time.tzset()
    try:
        assert local_time("2026-11-22T02:00:00Z") == "2026-11-22 05:00:00 +03"
        assert moment("2026-11-22T02:00:00Z", now=NOW) == "2026-11-22 05:00:00 +03 (1 h 00 min ago)"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_time_that_is_not_known_is_told_as_such() -> None:
    assert moment(None) == "-"
    assert moment(None, missing="never") == "never"


@pytest.mark.parametrize(
    ("begun", "ended", "seconds"),
    [
        (None, None, None),
        ("2026-11-22T02:59:00Z", None, 60),
        ("2026-11-22T02:00:00Z", "2026-11-22T02:00:05Z", 5),
    ],
)
def test_a_run_took_from_its_turn_to_its_end_or_until_now(
    begun: str | None, ended: str | None, seconds: float | None
) -> None:
    assert run_seconds({"started_at": begun, "finished_at": ended}, now=NOW) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172799, "47 h"),
        (172800, "2 days"),
    ],
)
def test_about_is_one_unit_and_never_longer_than_it_is(seconds: float, text: str) -> None:
    assert about(seconds) == text


def test_times_are_told_by_how_far_away_they_are() -> None:
    assert about_since("2026-11-22T00:00:00Z", now=NOW) == "3 h ago"
    assert about_since("2026-11-22T03:10:00Z", now=NOW) == "just now"
    assert about_until("2026-11-22T03:10:00Z", now=NOW) == "in 10 min"
    assert about_until("2026-11-22T02:00:00Z", now=NOW) == "now"


def test_a_short_time_has_its_day_and_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()

    assert short_time("2026-11-22T02:00:59Z") == "Sun 2026-11-22 02:00 UTC"

    monkeypatch.undo()
    time.tzset()


def test_words_are_counted_and_listed() -> None:
    assert [counted(count, "copy") for count in (1, 2)] == ["1 copy", "2 copies"]
    assert counted(2, "day") == "2 days"
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
