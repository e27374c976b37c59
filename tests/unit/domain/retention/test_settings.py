"""Counts of backups to keep."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.retention import RetentionSettings

NAMES = ["daily", "weekly", "monthly", "keep_manual_days"]


def test_defaults_are_a_week_a_month_and_half_a_year() -> None:
    assert RetentionSettings().model_dump() == {"daily": 7, "weekly": 4, "monthly": 6, "keep_manual_days": 7}


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


@pytest.mark.parametrize("name", NAMES)
def test_every_description_says_that_nothing_expires_yet(name: str) -> None:
    description = RetentionSettings.model_fields[name].description

    assert description is not None
    assert "deletes nothing yet" in description
