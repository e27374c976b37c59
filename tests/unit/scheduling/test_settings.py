"""The [schedules] section."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.backup import Tier
from octeth_backupd.scheduling import settings as module
from octeth_backupd.scheduling.settings import SchedulesSettings, machine_timezone


def messages(**values: object) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        SchedulesSettings.model_validate(values)
    return {str(error["loc"][0]): error["msg"] for error in caught.value.errors()}


def test_defaults_are_daily_weekly_and_monthly_at_two_with_a_week_to_catch_up() -> None:
    definitions = SchedulesSettings(timezone="Europe/Berlin").definitions(["oempro"])

    assert [(one.server, one.name, one.expression) for one in definitions] == [
        ("oempro", "daily", "0 2 * * *"),
        ("oempro", "weekly", "0 2 * * sun"),
        ("oempro", "monthly", "0 2 1 * *"),
    ]
    assert {one.timezone for one in definitions} == {"Europe/Berlin"}
    assert {one.catch_up_seconds for one in definitions} == {604800}


def test_every_server_gets_every_schedule() -> None:
    definitions = SchedulesSettings(timezone="UTC").definitions(["one", "two"])

    assert len({one.key for one in definitions}) == 6


def test_empty_rule_turns_a_schedule_off() -> None:
    definitions = SchedulesSettings(timezone="UTC", weekly="", monthly=" ").definitions(["oempro"])

    assert [one.name for one in definitions] == ["daily"]


def test_timezone_is_that_of_the_machine_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "get_localzone_name", lambda: "Asia/Kathmandu")

    assert SchedulesSettings().timezone == "Asia/Kathmandu"


def test_machine_without_any_timezone_keeps_utc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "get_localzone_name", lambda: None)
    monkeypatch.setattr(module, "_LOCALTIME", tmp_path / "absent")

    assert machine_timezone() == "UTC"


def test_machine_whose_timezone_has_no_name_is_asked_for_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "get_localzone_name", lambda: None)
    monkeypatch.setattr(module, "_LOCALTIME", tmp_path)

    assert "timedatectl" in messages()["timezone"]


def test_contradicting_timezones_of_the_machine_are_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def contradict() -> str:
        raise ZoneInfoNotFoundError("Multiple conflicting time zone configurations found")

    monkeypatch.setattr(module, "get_localzone_name", contradict)

    assert "Europe/Berlin" in messages()["timezone"]


def test_offset_is_no_timezone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "get_localzone_name", lambda: "UTC-3")

    assert "cannot be found out" in messages()["timezone"]


def test_every_wrong_key_is_reported_with_what_would_be_right() -> None:
    found = messages(
        timezone="Europe/Atlantis", daily="0 25 * * *", monthly="0 2 31 2 *", retention="x", catch_up_seconds=-1
    )

    assert set(found) == {"timezone", "daily", "monthly", "retention", "catch_up_seconds"}
    assert "\n" in found["daily"]
    assert "0-23" in found["daily"]
    assert "never fires" in found["monthly"]


def test_rules_are_told_by_tier_and_a_schedule_that_is_off_has_none() -> None:
    settings = SchedulesSettings(timezone="UTC", weekly="")

    assert settings.rules == {Tier.DAILY: "0 2 * * *", Tier.WEEKLY: "", Tier.MONTHLY: "0 2 1 * *"}


def test_retention_has_a_rule_in_the_same_time_zone_or_none() -> None:
    rule = SchedulesSettings(timezone="Europe/Berlin").retention_rule

    assert rule is not None
    assert (rule.expression, rule.timezone) == ("30 4 * * *", "Europe/Berlin")
    assert SchedulesSettings(timezone="UTC", retention="").retention_rule is None
