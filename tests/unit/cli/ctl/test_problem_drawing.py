"""Problems drawn for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from octeth_backupd.cli.ctl.problem_drawing import causes_of, show_problems
from tests.fakes.terminal import MemoryScreen

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def problem(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "key": "overdue:oempro:daily/late",
        "kind": "overdue",
        "severity": "error",
        "server": "oempro",
        "since": "2026-11-22T02:00:00Z",
        "title": "oempro: no good daily backup for 27 h",
        "cause": "the schedule daily is paused",
        "hint": "Resume it.",
        "command": "octeth-backupctl resume --server oempro",
        "covered_by": [],
    }
    return values | changes


def test_a_problem_is_shown_with_cause_hint_and_command() -> None:
    screen = MemoryScreen()

    show_problems([problem()], screen, now=NOW)

    for words in ("no good daily backup for 27 h", "is paused", "Resume it.", "octeth-backupctl resume"):
        assert words in screen.shown


def test_what_is_not_known_takes_no_line_and_a_warning_has_its_own_mark() -> None:
    screen = MemoryScreen()

    show_problems([problem(severity="warning", cause="", hint="")], screen, now=NOW)

    assert screen.shown.startswith("\n! oempro")
    assert "why" not in screen.shown


def test_where_nothing_is_wrong_nothing_is_shown() -> None:
    screen = MemoryScreen()

    show_problems([], screen, now=NOW)

    assert screen.shown == ""


def test_what_follows_from_another_problem_stands_with_its_first_cause_only() -> None:
    cause = problem(key="failing:backup:oempro/failed")
    daily = problem(covered_by=[cause["key"], "failing:gone"])
    weekly = problem(key="overdue:oempro:weekly/late", covered_by=[cause["key"], daily["key"]])

    assert causes_of([cause, daily, weekly]) == [(cause, [daily, weekly])]
    assert causes_of([daily]) == [(daily, [])]


def test_errors_come_before_warnings_and_a_command_is_never_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    screen = MemoryScreen(is_live=True)
    command = f"octeth-backupctl show {'x' * 60}"

    show_problems([problem(key="a", severity="warning", title="later"), problem(command=command)], screen, now=NOW)

    assert screen.shown.index("✗ oempro") < screen.shown.index("! later")
    assert f"  command  {command}\n" in screen.shown
