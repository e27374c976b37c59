"""When the next backups are due."""

from __future__ import annotations

from datetime import UTC, datetime

from octeth_backupd.settings.settings import Settings
from octeth_backupd.setup.due_times import next_due


def _settings(**schedules: str) -> Settings:
    rules = {"daily": "0 2 * * *", "weekly": "0 2 * * sun", "monthly": "", "timezone": "Europe/Berlin", **schedules}
    return Settings.model_validate({"servers": {"one": {"container": "db"}}, "schedules": rules})


def test_next_three_are_in_order_and_what_is_due_together_stands_together() -> None:
    found = next_due(_settings(), "one", datetime(2026, 11, 27, 12, tzinfo=UTC))

    assert [(f"{at:%Y-%m-%d %H:%M %Z}", what) for at, what in found] == [
        ("2026-11-28 02:00 CET", "daily"),
        ("2026-11-29 02:00 CET", "daily, weekly"),
        ("2026-11-30 02:00 CET", "daily"),
    ]


def test_nothing_is_due_without_schedules() -> None:
    assert next_due(_settings(daily="", weekly=""), "one", datetime(2026, 11, 27, tzinfo=UTC)) == []
