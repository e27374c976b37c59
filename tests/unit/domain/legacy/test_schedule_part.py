"""Schedules and counts."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.domain.legacy.crontab import CronLine, find_cron_lines
from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.domain.legacy.schedule_part import translate_retention, translate_schedules
from tests.unit.domain.legacy.build import around, draft, said

CONF = "WEEKLY_DAY=0\nMONTHLY_DAY=1\n"


def _lines(*expressions: str, script: str = "octeth-backup.sh") -> tuple[CronLine, ...]:
    text = "\n".join(f"{expression} /opt/bin/{script}" for expression in expressions)
    return tuple(find_cron_lines(text, place="crontab of root"))


def _schedules(*lines: CronLine, conf: str = CONF) -> dict[str, Any]:
    found = draft("", conf)
    translate_schedules(found, around(cron_lines=lines))
    table: dict[str, Any] = found.tables["schedules"]
    return table


def test_times_and_days_are_those_of_cron_and_backup_conf() -> None:
    table = _schedules(*_lines("15 4 * * *"), conf="WEEKLY_DAY=3\nMONTHLY_DAY=15\n")

    assert table == {"daily": "15 4 * * *", "weekly": "15 4 * * wed", "monthly": "15 4 15 * *"}


def test_without_cron_the_usual_times_hold_and_the_report_says_so() -> None:
    found = draft("", CONF)

    translate_schedules(found, around())

    assert found.tables["schedules"]["daily"] == "0 2 * * *"
    assert "crontab" in said(found, Fate.CHANGED)


@pytest.mark.parametrize(
    ("expressions", "daily", "weekly"),
    [
        (("0 */6 * * *",), "0 */6 * * *", "0 0 * * sun"),
        (("0 2 * * *", "0 14 * * *"), "0 2,14 * * *", "0 2 * * sun"),
        (("0 3-5 * * *",), "0 3-5 * * *", "0 3 * * sun"),
        (("@daily",), "0 0 * * *", "0 0 * * sun"),
    ],
)
def test_several_times_a_day_make_one_weekly_backup(expressions: tuple[str, ...], daily: str, weekly: str) -> None:
    table = _schedules(*_lines(*expressions))

    assert (table["daily"], table["weekly"]) == (daily, weekly)


@pytest.mark.parametrize("expression", ["0 2 * * 1-5", "@reboot", "0 2 1 * *"])
def test_days_that_cannot_be_told_apart_are_left_to_the_operator(expression: str) -> None:
    found = draft("", CONF)

    translate_schedules(found, around(cron_lines=_lines(expression)))

    assert "crontab of root" in said(found, Fate.BY_HAND)


@pytest.mark.parametrize(("expression", "retention"), [("30 2 * * *", None), ("0 5 * * *", "0 5 * * *")])
def test_cleanup_at_an_unusual_time_keeps_it(expression: str, retention: str | None) -> None:
    assert _schedules(*_lines(expression, script="octeth-cleanup.sh")).get("retention") == retention


@pytest.mark.parametrize("conf", ["WEEKLY_DAY=7\nMONTHLY_DAY=0\n", "WEEKLY_DAY=\nMONTHLY_DAY=x\n", ""])
def test_impossible_days_become_the_usual_ones(conf: str) -> None:
    table = _schedules(conf=conf)

    assert (table["weekly"], table["monthly"]) == ("0 2 * * sun", "0 2 1 * *")


def test_counts_are_taken_over() -> None:
    found = draft("RETENTION_DAILY=14\nRETENTION_WEEKLY=8\nRETENTION_MONTHLY=12\n")

    translate_retention(found)

    assert found.tables["retention"] == {"daily": 14, "weekly": 8, "monthly": 12}


@pytest.mark.parametrize("count", ["0", "", "-1", "x", "7.5"])
def test_count_that_deleted_everything_is_refused(count: str) -> None:
    found = draft(f"RETENTION_DAILY={count}\n")

    translate_retention(found)

    assert "retention" not in found.tables
    assert "7 are kept" in said(found, Fate.IGNORED)["RETENTION_DAILY"]
