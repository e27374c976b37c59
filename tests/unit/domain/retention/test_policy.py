"""The policy as a value, and as the text that is confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.retention.periods import PeriodRules
from octeth_backupd.domain.retention.policy import Counts, RetentionPolicy
from tests.unit.domain.retention.builder import COUNTS, policy


@pytest.mark.parametrize("name", ["daily", "weekly", "monthly"])
def test_count_of_none_cannot_even_be_made(name: str) -> None:
    with pytest.raises(ValueError, match="would delete every backup"):
        replace(COUNTS, **{name: 0})


def test_each_tier_of_periods_has_its_count() -> None:
    assert [COUNTS.of(tier) for tier in (Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY)] == [7, 4, 6]


def test_counts_have_words() -> None:
    assert COUNTS.words == "7 days, 4 weeks, 6 months"
    assert Counts(daily=1, weekly=1, monthly=1).words == "1 day, 1 week, 1 month"


@pytest.mark.parametrize(
    "other",
    [
        policy(Counts(daily=6, weekly=4, monthly=6)),
        policy(remote=COUNTS),
        policy(keep_manual_days=8),
        policy(periods=PeriodRules(timezone="Europe/Berlin")),
        policy(periods=PeriodRules(timezone="UTC", week_begins_on=6)),
        policy(periods=PeriodRules(timezone="UTC", month_begins_on=2)),
        replace(policy(), schedules={"daily": "0 2 * * *"}),
    ],
)
def test_every_change_of_policy_changes_its_text(other: RetentionPolicy) -> None:
    assert other.canonical != policy().canonical


def test_text_does_not_depend_on_the_order_of_storages() -> None:
    one = policy(remote=COUNTS)

    assert replace(one, counts=dict(reversed(list(one.counts.items())))).canonical == one.canonical
