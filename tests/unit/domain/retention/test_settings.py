"""Counts of backups to keep."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.retention.periods import PeriodRules
from octeth_backupd.domain.retention.policy import Counts
from octeth_backupd.domain.retention.settings import RetentionSettings

COUNTS = ["daily", "weekly", "monthly"]
NAMES = [*COUNTS, "keep_manual_days"]


def test_defaults_are_a_week_a_month_and_half_a_year() -> None:
    settings = RetentionSettings()

    assert settings.counts(is_remote=False) == settings.counts(is_remote=True) == Counts(daily=7, weekly=4, monthly=6)
    assert settings.keep_manual_days == 7


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [0, -1])
def test_keeping_none_is_refused_because_it_would_delete_all(name: str, count: int) -> None:
    with pytest.raises(ValidationError, match="would delete every backup"):
        RetentionSettings.model_validate({name: count})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", ["", None, 1.5, "all"])
def test_blank_and_impossible_counts_are_refused(name: str, count: object) -> None:
    with pytest.raises(ValidationError):
        RetentionSettings.model_validate({name: count})


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("count", [0, -1, "", 1.5, "all"])
def test_remote_counts_are_refused_likewise(name: str, count: object) -> None:
    with pytest.raises(ValidationError):
        RetentionSettings.model_validate({"remote": {name: count}})


def test_remote_storages_keep_longer_where_that_is_set_and_the_same_where_it_is_not() -> None:
    settings = RetentionSettings.model_validate({"daily": 3, "remote": {"monthly": 24}})

    assert settings.counts(is_remote=True) == Counts(daily=3, weekly=4, monthly=24)
    assert settings.counts(is_remote=False) == Counts(daily=3, weekly=4, monthly=6)


def test_policy_has_the_counts_of_each_storage_and_the_periods_of_the_schedules() -> None:
    settings = RetentionSettings.model_validate({"remote": {"daily": 30}})
    schedules = {Tier.DAILY: "0 2 * * *", Tier.WEEKLY: "0 2 * * wed", Tier.MONTHLY: "0 2 15 * *"}

    policy = settings.policy({"local": False, "s3": True}, timezone="Europe/Berlin", schedules=schedules)

    assert policy.counts == {
        "local": Counts(daily=7, weekly=4, monthly=6),
        "s3": Counts(daily=30, weekly=4, monthly=6),
    }
    assert policy.periods == PeriodRules(timezone="Europe/Berlin", week_begins_on=2, month_begins_on=15)
    assert policy.schedules["weekly"] == "0 2 * * wed"
