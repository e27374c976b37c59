"""Disks that fill."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from octeth_backupd.domain.notices.disk_problems import days_until_full, disk_problem, silent_problem, with_sample
from octeth_backupd.domain.notices.notice import Severity
from octeth_backupd.domain.notices.settings import NoticesSettings
from octeth_backupd.domain.notices.standing import DiskFacts, DiskSample, SilentDisk
from octeth_backupd.domain.space import FileSystem, Shortage
from tests.fakes.catalog_values import START
from tests.fakes.standing import standing

GIB = 1 << 30


def samples(*free_gib: float, hours: float = 24) -> tuple[DiskSample, ...]:
    """Return what was free at the end of each span of hours, up to now."""
    begin = START - timedelta(hours=hours * (len(free_gib) - 1))
    return tuple(
        DiskSample(at=begin + timedelta(hours=hours * number), free_bytes=int(free * GIB))
        for number, free in enumerate(free_gib)
    )


def disk(free_gib: float = 100, **fields: Any) -> DiskFacts:
    place = FileSystem(role="backups", path="/var/backups", device=1, free_bytes=int(free_gib * GIB), used_percent=50.0)
    return DiskFacts(file_system=place, **fields)


def test_the_days_follow_from_how_it_filled_and_from_what_must_stay_free() -> None:
    filling = samples(50, 40, 30, 20, 10)

    assert days_until_full(filling, free_bytes=10 * GIB, reserve_bytes=0) == pytest.approx(1.0)
    assert days_until_full(filling, free_bytes=10 * GIB, reserve_bytes=5 * GIB) == pytest.approx(0.5)
    assert days_until_full(filling, free_bytes=4 * GIB, reserve_bytes=5 * GIB) == 0


@pytest.mark.parametrize(
    "seen", [(), samples(50, 10), samples(50, 40, 30, hours=12), samples(10, 20, 30, 40), samples(30, 30, 30, 30)]
)
def test_what_does_not_fill_or_was_not_seen_long_enough_is_never_full(seen: tuple[DiskSample, ...]) -> None:
    assert days_until_full(seen, free_bytes=GIB, reserve_bytes=0) is None


def test_retention_that_frees_each_night_what_the_backup_took_is_no_trend() -> None:
    saw = samples(*([50, 40] * 7), hours=12)

    days = days_until_full(saw, free_bytes=40 * GIB, reserve_bytes=0)

    assert days is None or days > 30


def test_it_is_told_a_week_before_and_over_when_it_is_farther_by_a_day() -> None:
    filling = samples(40, 30, 20, 10)
    near, wavers = disk(65, samples=filling), disk(75, samples=filling)
    open_keys = frozenset({"disk:/var/backups/days"})

    told = disk_problem(near, standing(), NoticesSettings())

    assert told is not None
    assert (told.title, told.severity) == ("/var/backups: full in about 6 days", Severity.WARNING)
    assert "fills by about 10.0 GiB a day" in told.cause
    assert disk_problem(wavers, standing(), NoticesSettings()) is None
    assert disk_problem(wavers, standing(open_keys=open_keys), NoticesSettings()) is not None
    assert disk_problem(disk(85, samples=filling), standing(open_keys=open_keys), NoticesSettings()) is None


def test_the_next_backup_that_does_not_fit_is_an_error_whatever_the_trend() -> None:
    short = Shortage(
        roles=("workspace",), path="/var/backups", needed_bytes=30 * GIB, free_bytes=10 * GIB,
        missing_bytes=20 * GIB, limit="at least 1.0 GiB must stay free",
    )  # fmt: skip

    told = disk_problem(disk(10, shortage=short), standing(), NoticesSettings(disk_full_days=0))

    assert told is not None
    assert (told.key, told.severity) == ("disk:/var/backups/next", Severity.ERROR)
    assert "needs about 30.0 GiB, 10.0 GiB are free" in told.cause
    assert "20.0 GiB" in told.hint


def test_samples_are_taken_every_six_hours_and_forgotten_after_two_weeks_or_when_the_clock_was_ahead() -> None:
    new = DiskSample(at=START, free_bytes=1)
    old = DiskSample(at=START - timedelta(days=15), free_bytes=2)
    ahead = DiskSample(at=START + timedelta(days=1), free_bytes=3)
    recent = DiskSample(at=START - timedelta(hours=5), free_bytes=4)

    assert with_sample((old, recent, ahead), new) == (recent,)
    assert with_sample((old, ahead), new) == (new,)


def test_a_file_system_that_does_not_answer_is_told_by_its_place() -> None:
    problem = silent_problem(SilentDisk(path="/mnt/backups", since=START))

    assert (problem.key, problem.subject) == ("disk:/mnt/backups/silent", "disk:/mnt/backups")
    assert problem.title == "the file system of /mnt/backups does not answer"
    assert problem.severity is Severity.ERROR
