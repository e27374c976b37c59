"""One server on the screen of ``status``; whole screens are in ``test_status_drawing``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from octeth_backupd.cli.ctl.server_drawing import restore_entries, show_server
from tests.fakes.terminal import MemoryScreen

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def run(operation: str, status: str, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "operation": operation,
        "status": status,
        "finished_at": "2026-11-22T09:00:00Z",
        "backup_id": None,
        "error": "",
        "detail": {},
    }
    return values | changes


def shown(*keys: str, **changes: Any) -> str:
    values: dict[str, Any] = {
        "name": "oempro",
        "placement": "systemd",
        "last_good_backup": None,
        "foreign_good_backups": None,
        "last_run": None,
        "active_run": None,
        "queued_runs": [],
        "next_due": None,
        "paused_schedules": [],
        "retention": {"waits_for": "", "holds": [], "last_run": None},
        "copies": [],
    }
    screen = MemoryScreen()
    show_server(values | changes, [], {}, screen, now=NOW, keys=frozenset(keys))
    return screen.shown


def test_a_server_without_anything_says_so() -> None:
    text = shown()

    assert text.startswith("\noempro (systemd)\n  last good    none yet; take one now: ")
    assert "  next due     nothing, no schedule says when\n" in text
    assert "last run" not in text


@pytest.mark.parametrize(
    ("count", "latest", "words"),
    [
        (2, "oempro-1", "2 good backups of other installations; restore latest would take oempro-1"),
        (1, "", "1 good backup of other installations; restore latest would take none, of several installations"),
    ],
)
def test_backups_of_other_installations_have_a_line_of_their_own(count: int, latest: str, words: str) -> None:
    text = " ".join(shown(foreign_good_backups={"count": count, "latest_id": latest}).split())

    assert "last good none yet" in text
    assert words in text


def test_a_failed_run_is_told_unless_a_problem_tells_of_it() -> None:
    failed = run("backup", "failed", error="the disk is full")

    assert "last run     backup: failed, 2 h ago: the disk is full" in shown(last_run=failed)
    assert "last run" not in shown("failing:backup:oempro/failed", last_run=failed)
    assert "last run" in shown("failing:backup:shop/failed", last_run=failed)


@pytest.mark.parametrize(
    ("keys", "words"),
    [((), "not held, 2 h ago: access denied"), (("failing:retention:oempro/failed",), "fails, see above")],
)
def test_retention_that_fails_is_told_once(keys: tuple[str, ...], words: str) -> None:
    last = run("retention", "failed", error="access denied")

    assert f"retention    {words}\n" in shown(*keys, retention={"waits_for": "", "holds": [], "last_run": last})


def test_a_safety_copy_whose_end_is_not_decided_says_so() -> None:
    left = {
        "id": "r",
        "operation": "restore",
        "state": "committed",
        "is_open": False,
        "safety_copy": ["/srv/one", "/srv/two"],
        "safety_copy_bytes": 1024,
        "expires_at": None,
    }

    [entry] = restore_entries([left], now=NOW, keys=frozenset())

    assert entry.text == "1.0 KiB until it is decided, data from before r\n/srv/one\n/srv/two"
