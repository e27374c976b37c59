"""How everything stands, in one line."""

from __future__ import annotations

from typing import Any

import pytest

from octeth_backupd.cli.ctl.headline import headline


def server(name: str, hours: float | None, **changes: Any) -> dict[str, Any]:
    good = None if hours is None else {"age_seconds": hours * 3600}
    return {
        "name": name,
        "last_good_backup": good,
        "next_due": "2026-11-23T02:00:00Z",
        "paused_schedules": [],
    } | changes


def problem(key: str, severity: str, *covered_by: str) -> dict[str, Any]:
    return {"key": key, "severity": severity, "covered_by": list(covered_by)}


@pytest.mark.parametrize(
    ("servers", "text", "style"),
    [
        ([server("a", 3)], "all is well: 1 server, newest good backup 3 h ago", "green"),
        (
            [server("a", 3), server("b", 9)],
            "all is well: 2 servers, newest good backup of each at most 9 h old",
            "green",
        ),
        ([], "no server is configured: nothing is backed up", "yellow"),
        ([server("a", 3), server("b", None)], "nothing is wrong, but there is no good backup yet of b", "yellow"),
        (
            [server("a", 3, paused_schedules=["daily"])],
            "nothing is wrong, but schedules of a are paused; newest good backup 3 h ago",
            "yellow",
        ),
        (
            [server("a", 3, next_due=None)],
            "nothing is wrong, but no backup of a is scheduled; newest good backup 3 h ago",
            "yellow",
        ),
    ],
)
def test_without_problems_it_says_whether_all_is_well(servers: list[dict[str, Any]], text: str, style: str) -> None:
    found = headline({"servers": servers, "problems": []}, errors=0, warnings=0)

    assert (found.text, found.style) == (text, style)


@pytest.mark.parametrize(
    ("problems", "errors", "warnings", "text", "style"),
    [
        ([problem("a", "error"), problem("b", "error", "a")], 0, 0, "1 problem; newest good backup 3 h ago", "red"),
        ([problem("a", "error")], 1, 0, "2 problems; newest good backup 3 h ago", "red"),
        ([problem("a", "warning")], 1, 2, "1 problem and 3 warnings; newest good backup 3 h ago", "red"),
        ([], 0, 1, "1 warning; newest good backup 3 h ago", "yellow"),
    ],
)
def test_problems_and_warnings_are_counted_without_what_only_follows(
    problems: list[dict[str, Any]], errors: int, warnings: int, text: str, style: str
) -> None:
    found = headline({"servers": [server("a", 3)], "problems": problems}, errors=errors, warnings=warnings)

    assert (found.text, found.style) == (text, style)


def test_servers_without_a_good_backup_are_counted_beside_problems() -> None:
    status = {"servers": [server("a", 3), server("b", None)], "problems": [problem("a", "error")]}

    assert headline(status, errors=0, warnings=0).text == "1 problem; 1 of 2 servers without a good backup"
