"""What a storage class costs in time: least durations, and bringing back."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.retention.settings import RetentionSettings
from octeth_backupd.storage.s3_classes import (
    early_deletion,
    how_to_bring_back,
    is_archive_class,
    is_brought_back,
    minimum_days,
    shortest_days,
)


@pytest.mark.parametrize(
    ("storage_class", "days"),
    [("STANDARD_IA", 30), ("ONEZONE_IA", 30), ("GLACIER_IR", 90), ("GLACIER", 90), ("DEEP_ARCHIVE", 180), ("", 0)],
)
def test_least_durations_are_amazons(storage_class: str, days: int) -> None:
    assert minimum_days(storage_class) == days


def test_first_copies_to_expire_are_the_daily_ones_by_default() -> None:
    assert shortest_days(RetentionSettings()) == 7
    assert shortest_days(RetentionSettings(daily=60, weekly=5, keep_manual_days=90)) == 35


def test_counts_for_remote_copies_are_what_decides() -> None:
    settings = RetentionSettings.model_validate({"keep_manual_days": 90, "remote": {"daily": 40, "weekly": 8}})

    assert shortest_days(settings) == 40


def test_class_that_outlasts_the_retention_is_told() -> None:
    assert early_deletion("STANDARD_IA", 7) == (
        "STANDARD_IA is paid for 30 days at least, and the first copies expire after 7"
    )
    assert early_deletion("STANDARD_IA", 30) == early_deletion("STANDARD_IA", 0) == early_deletion("STANDARD", 7) == ""


def test_only_classes_that_must_be_brought_back_are_archives() -> None:
    assert [one for one in ("STANDARD", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE", "") if is_archive_class(one)] == [
        "GLACIER",
        "DEEP_ARCHIVE",
    ]


def test_object_is_readable_only_once_it_was_brought_back() -> None:
    assert is_brought_back('ongoing-request="false", expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"')
    assert not is_brought_back('ongoing-request="true"')
    assert not is_brought_back("")


def test_command_stands_on_a_line_of_its_own_and_names_bucket_key_and_endpoint() -> None:
    hint = how_to_bring_back("b", "o/daily/x", "DEEP_ARCHIVE", "", "https://s3.example.com")

    sentence, command = hint.split("\n")
    assert "within 12 hours" in sentence
    assert command.startswith(
        "aws s3api restore-object --endpoint-url https://s3.example.com --bucket b --key 'o/daily/x' "
    )


def test_object_that_is_on_its_way_back_need_only_be_waited_for() -> None:
    assert "already" in how_to_bring_back("b", "k", "GLACIER", 'ongoing-request="true"', "")
