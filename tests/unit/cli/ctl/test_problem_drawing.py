"""Problems drawn for people."""

from __future__ import annotations

from typing import Any

from octeth_backupd.cli.ctl.problem_drawing import show_problems
from tests.fakes.terminal import MemoryScreen


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
    }
    return values | changes


def test_a_problem_is_shown_with_cause_hint_and_command() -> None:
    screen = MemoryScreen()

    show_problems([problem()], screen)

    for words in ("no good daily backup for 27 h", "is paused", "Resume it.", "octeth-backupctl resume"):
        assert words in screen.shown


def test_what_is_not_known_takes_no_line_and_a_warning_has_its_own_mark() -> None:
    screen = MemoryScreen()

    show_problems([problem(severity="warning", cause="", hint="")], screen)

    assert screen.shown.startswith("! oempro")
    assert "why" not in screen.shown


def test_where_nothing_is_wrong_nothing_is_shown() -> None:
    screen = MemoryScreen()

    show_problems([], screen)

    assert screen.shown == ""
