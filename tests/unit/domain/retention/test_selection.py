"""Which backups stand for periods."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.retention.policy import Counts
from octeth_backupd.domain.retention.reasons import ReasonCode
from octeth_backupd.domain.retention.selection import standing, standing_in

if TYPE_CHECKING:
    from collections.abc import Mapping

TWO = Counts(daily=2, weekly=1, monthly=1)


def days(**by_id: int) -> dict[str, Mapping[Tier, date]]:
    """Return periods: each backup's day in November, all of one week and one month."""
    return {
        backup_id: {
            Tier.DAILY: date(2026, 11, day),
            Tier.WEEKLY: date(2026, 11, 1),
            Tier.MONTHLY: date(2026, 11, 1),
        }
        for backup_id, day in by_id.items()
    }


def test_oldest_of_each_period_stands_for_it() -> None:
    found = standing(["a", "b", "c"], days(a=2, b=2, c=3), TWO)

    assert {key: [reason.code for reason in reasons] for key, reasons in found.items()} == {
        "a": [ReasonCode.DAILY, ReasonCode.WEEKLY, ReasonCode.MONTHLY],
        "c": [ReasonCode.DAILY],
    }
    assert found["a"][1].words == "stands for the week from 2026-11-01"


def test_periods_without_a_backup_do_not_use_up_the_count() -> None:
    found = standing(["a", "b", "c"], days(a=1, b=2, c=7), Counts(daily=3, weekly=1, monthly=1))

    assert set(found) == {"a", "b", "c"}


def test_doubted_one_stands_in_only_where_there_is_no_good_one() -> None:
    periods = days(a=2, b=3, c=3, d=4)

    found = standing_in(["b", "d"], ["a", "c"], periods, Counts(daily=3, weekly=1, monthly=1))

    assert set(found) == {"d"}
    assert [(reason.code, reason.words) for reason in found["d"]] == [
        (ReasonCode.STAND_IN, "there is no good one of 2026-11-04")
    ]


def test_doubted_one_older_than_all_periods_that_are_kept_stands_in_for_none() -> None:
    assert standing_in(["old"], ["a", "c"], days(old=1, a=2, c=3), TWO) == {}


def test_doubted_ones_have_the_same_count_when_good_ones_are_few() -> None:
    found = standing_in(["a", "b", "c"], [], days(a=1, b=2, c=3), TWO)

    assert set(found) == {"a", "b", "c"}  # a for week and month
    assert [reason.words for reason in found["a"]] == [
        "there is no good one of the week from 2026-11-01",
        "there is no good one of the month from 2026-11-01",
    ]
