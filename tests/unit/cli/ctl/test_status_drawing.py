"""The screens of ``status``, whole, as they look on terminals of 80 and 120 columns."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.cli.ctl.status_drawing import show_status
from tests.fakes.terminal import MemoryScreen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.cli.ctl.screen import Screen

SCREENS = Path(__file__).with_name("screens")
NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
GIB = 1024**3
RESTORE = "20261122-090000-restore"


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(**before_now: float) -> str:
    return (NOW - timedelta(**before_now)).isoformat()


def stored(storage: str, tier: str, copies: int, *, state: str = "present") -> dict[str, Any]:
    return {"storage": storage, "tier": tier, "state": state, "copies": copies, "size_bytes": copies * 14 * GIB // 10}


STOCK = [
    stored("local", "daily", 7),
    stored("local", "weekly", 4),
    stored("local", "monthly", 12),
    stored("s3", "daily", 6),
    stored("s3", "weekly", 4),
    stored("s3", "monthly", 12),
]


def run(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": "20261122-020000-1a2b",
        "operation": "backup",
        "status": "success",
        "started_at": at(hours=9),
        "finished_at": at(hours=9),
        "step": "",
        "backup_id": "oempro-2026-11-22_02-00-00",
        "error": "",
        "detail": {},
    }
    return values | changes


def server(name: str = "oempro", *, age_hours: float = 9, **changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": name,
        "placement": "container",
        "last_good_backup": {
            "id": f"{name}-2026-11-22_02-00-00",
            "taken_at": at(hours=age_hours),
            "age_seconds": age_hours * 3600,
            "size_bytes": 14 * GIB // 10,
            "proof": "L2",
            "storages": ["local", "s3"],
        },
        "foreign_good_backups": None,
        "last_run": run(),
        "active_run": None,
        "queued_runs": [],
        "next_due": at(hours=-15),
        "paused_schedules": [],
        "retention": {
            "waits_for": "",
            "holds": [],
            "last_run": run(operation="retention", detail={"outcome": "2 copies expired"}),
        },
        "copies": STOCK,
    }
    return values | changes


def problem(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "key": "failing:backup:oempro/preflight_failed.login",
        "severity": "error",
        "since": at(hours=9),
        "title": "oempro: backup fails in step preflight, 2 runs in a row",
        "cause": "login: the server at /srv/oempro/run/mysqld.sock refused user 'backup' (access denied). The last "
        "good backup is oempro-2026-11-21_02-00-00 of Sat 2026-11-21 02:00 UTC",
        "hint": "Correct [servers.oempro] user and password_file.",
        "command": "octeth-backupctl doctor --server oempro",
        "covered_by": [],
    }
    return values | changes


OVERDUE = problem(
    key="overdue:oempro:daily/late",
    title="oempro: no good daily backup for 33 h",
    cause="2 runs did not leave a good backup",
    covered_by=["failing:backup:oempro/preflight_failed.login"],
)
WAITING = problem(
    key="storage:s3/upload",
    severity="warning",
    title="s3: 1 copy waits to be uploaded",
    cause="1 copy (1.4 GiB) waits since Sun 2026-11-22 02:04 UTC. The last try: s3://backups/oempro/production/weekly/"
    "octeth-backup-2026-11-22_02-00-00.tar.zst.json: connection refused",
    hint="They are tried again, at least once an hour, until they are there.",
    command="octeth-backupctl doctor",
)
HELD = problem(
    key="hold:3",
    severity="warning",
    title="oempro: backup oempro-2026-11-22_02-00-00 is doubted, retention is held",
    cause="it holds 20 % of the last good backup",
    hint="Look at the backup; accept it where it is right, delete it where it is not.",
    command="octeth-backupctl show oempro-2026-11-22_02-00-00",
)
DEAF = problem(
    key="notifier:chat",
    severity="warning",
    title="notifier chat does not get through",
    cause="2 notices wait since Sun 2026-11-22 02:00 UTC: connection refused",
    hint="Look at [notify.chat] and at what it talks to; what waits is sent when it is back.",
    command="octeth-backupctl notify test chat",
)


def notifier(name: str, **changes: Any) -> dict[str, Any]:
    values = {"name": name, "state": "ok", "waiting": 0, "last_sent_at": at(hours=9), "last_error": ""}
    return values | changes


def uploads(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "storage": "s3",
        "configured": True,
        "pending_copies": 0,
        "pending_bytes": 0,
        "pending_since": None,
        "last_error": "",
        "last_error_at": None,
        "next_try_at": None,
        "uploading": [],
    }
    return values | changes


PENDING = uploads(
    pending_copies=1,
    pending_bytes=14 * GIB // 10,
    pending_since=at(hours=9),
    last_error="connection refused",
    last_error_at=at(minutes=20),
    next_try_at=at(minutes=-8),
)


def status(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "version": "0.1.0",
        "installation_id": "5b0c7f6e",
        "started_at": at(days=12),
        "pid": 4242,
        "state": "running",
        "config_path": "/etc/octeth-backupd/config.toml",
        "configuration_error": "",
        "scheduler_alive": True,
        "warnings": [],
        "warnings_in_problems": [],
        "servers": [server()],
        "uploads": [uploads()],
        "notifiers": [notifier("mail"), notifier("chat")],
        "problems": [],
    }
    return values | changes


def restore(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": RESTORE,
        "operation": "restore",
        "server": "oempro",
        "state": "committed",
        "state_since": at(hours=2),
        "is_open": False,
        "safety_copy": [f"/srv/oempro/.octeth-backupd-{RESTORE}"],
        "safety_copy_bytes": 5 * GIB,
        "expires_at": at(hours=-70),
    }
    return values | changes


PROGRESS = {"done_bytes": GIB, "total_bytes": 4 * GIB, "rate_bytes_per_second": 200e6}
RUNNING = run(id="20261122-105600-3c4d", status="running", step="archive", started_at=at(minutes=4), finished_at=None)

CASES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], dict[str, dict[str, Any]]]] = {
    "all_well": (status(), [], {}),
    "first_day": (
        status(
            servers=[
                server(
                    last_good_backup=None,
                    last_run=None,
                    copies=[],
                    retention=server()["retention"] | {"last_run": None},
                )
            ],
            notifiers=[],
            uploads=[],
        ),
        [],
        {},
    ),
    "running": (
        status(servers=[server(active_run=RUNNING, queued_runs=[run(id="20261122-105700-5e6f")])]),
        [],
        {RUNNING["id"]: {"run": RUNNING, "progress": PROGRESS}},
    ),
    "everything_at_once": (
        status(
            problems=[problem(), OVERDUE, HELD, WAITING, DEAF],
            warnings=["/etc/octeth-backupd/hooks/after is not executable", "notifier chat does not get through, 2"],
            warnings_in_problems=["notifier chat does not get through, 2"],
            configuration_error="servers.shop.user: missing",
            servers=[
                server(
                    age_hours=33,
                    last_run=run(status="failed", error="access denied"),
                    paused_schedules=["weekly"],
                    copies=[
                        *STOCK,
                        stored("s3", "daily", 1, state="pending"),
                        stored("s3", "daily", 2, state="missing"),
                    ],
                    retention={
                        "waits_for": "counts changed; apply them with octeth-backupctl retention --apply",
                        "holds": [{"hold_id": 3, "reason": "20 %", "backup_id": "b", "protected": ["a"]}],
                        "last_run": None,
                    },
                ),
                server("shop", age_hours=3, copies=[stored("local", "manual", 1)]),
            ],
            uploads=[PENDING],
            notifiers=[notifier("mail"), notifier("chat", state="failing", waiting=2, last_error="connection refused")],
        ),
        [restore()],
        {},
    ),
}


def drawn(case: str, screen: Screen) -> None:
    document, restores, running = CASES[case]
    show_status(document, restores, running, screen, now=NOW)


def shown(document: dict[str, Any], restores: list[dict[str, Any]] | None = None) -> str:
    screen = MemoryScreen()
    show_status(document, restores or [], {}, screen, now=NOW)
    return screen.shown


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("case", CASES)
def test_screen_is_as_it_was_looked_at(case: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = MemoryScreen(is_live=True)

    drawn(case, screen)

    assert screen.shown == (SCREENS / f"{case}_{columns}.txt").read_text()
    assert max(len(line) for line in screen.shown.splitlines()) <= columns


@pytest.mark.parametrize("case", ["all_well", "first_day", "running"])
def test_a_server_without_problems_fits_on_the_smallest_terminal(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    screen = MemoryScreen(is_live=True)

    drawn(case, screen)

    assert screen.shown.count("\n") <= 23


def test_colour_is_for_terminals_only_and_marks_have_a_plain_form() -> None:
    coloured = MemoryScreen(colour=True, is_live=True)
    plain = MemoryScreen()
    plain.out = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")

    drawn("everything_at_once", coloured)
    drawn("everything_at_once", plain)

    assert "\x1b[31m" in coloured.shown
    plain.out.seek(0)
    text = plain.out.read()
    assert "x oempro: backup fails" in text
    assert "\x1b" not in text


def test_what_a_problem_says_is_said_once() -> None:
    screen = MemoryScreen()

    drawn("everything_at_once", screen)

    for words in ("access denied", "2 notices wait", "is doubted", "1 copy waits", "not executable"):
        assert screen.shown.count(words) == 1, words


def test_a_problem_that_follows_from_another_is_named_with_it_and_not_counted() -> None:
    text = shown(status(problems=[problem(), OVERDUE]))

    assert text.startswith("1 problem; ")
    assert "hence    oempro: no good daily backup for 33 h" in text


def test_what_waits_without_a_problem_is_told_with_its_reason_and_its_next_try() -> None:
    text = shown(status(uploads=[PENDING]))

    assert "s3           1 copy not there yet, 1.4 GiB, for 9 h; next try in 8 min" in text
    assert "the last try, 20 min ago: connection refused" in text


def test_a_hold_that_is_no_problem_yet_is_told_where_the_server_is() -> None:
    hold = {"hold_id": 1, "reason": "only 20 %", "backup_id": "b", "protected": ["a", "b"]}
    text = shown(status(servers=[server(retention={"waits_for": "", "holds": [hold], "last_run": None})]))

    assert "retention    held: 2 backups, only 20 % (b)" in text


def test_what_retention_waits_for_is_said_once_for_all_servers() -> None:
    retention: dict[str, Any] = {"waits_for": "counts changed", "holds": [], "last_run": None}
    text = shown(status(servers=[server("a", retention=retention), server("b", retention=retention)]))

    assert text.startswith("1 warning; ")
    assert text.count("counts changed") == 1


def test_paused_schedules_are_told_and_that_nothing_is_due() -> None:
    text = shown(status(servers=[server(next_due=None, paused_schedules=["daily", "weekly"])]))

    assert text.startswith("nothing is wrong, but schedules of oempro are paused; ")
    assert "next due     nothing, daily and weekly are paused" in text


def test_a_restore_that_a_problem_tells_of_is_only_named_with_the_server() -> None:
    told = problem(key=f"restore:{RESTORE}", title="oempro: a restore is not over, it waits in state swapping")
    text = shown(status(problems=[told]), [restore(is_open=True, state="swapping", safety_copy=[])])

    assert "restore      is not finished, see above\n" in text
    assert text.count("swapping") == 1


def test_a_scheduler_that_ended_is_the_first_problem() -> None:
    text = shown(status(scheduler_alive=False))

    assert text.startswith("1 problem; ")
    assert "✗ the scheduler has ended: nothing will be backed up" in text


def test_a_restore_that_is_not_over_and_a_server_that_is_not_configured_any_more_are_shown() -> None:
    text = shown(
        status(),
        [
            restore(is_open=True, state="swapping", safety_copy=[], expires_at=None),
            restore(server="gone", state="rolled_back"),
        ],
    )

    assert f"restore {RESTORE} is not finished: swapping since Sun 2026-11-22" in " ".join(text.split())
    assert "gone (not configured)\n  safety copy  5.0 GiB until" in text
    assert "data that did not pass in" in " ".join(text.split())


@pytest.mark.parametrize(
    ("changes", "is_shown"),
    [
        ({}, False),
        ({"status": "degraded"}, False),
        ({"status": "failed", "error": "the disk is full", "backup_id": None}, True),
        ({"operation": "restore", "detail": {"outcome": "restored"}}, True),
    ],
)
def test_the_last_run_is_shown_where_the_last_good_backup_does_not_say_it(
    changes: dict[str, Any], is_shown: bool
) -> None:
    assert ("last run" in shown(status(servers=[server(last_run=run(**changes))]))) is is_shown


@pytest.mark.parametrize(
    ("proof", "words"), [(None, "not verified"), ("L0b", "read back"), ("L2", "verified"), ("L4", "running server")]
)
def test_what_was_shown_of_the_last_good_backup_is_told(proof: str | None, words: str) -> None:
    good = server()["last_good_backup"] | {"proof": proof}

    assert f"{words}, 1.4 GiB in local and s3" in shown(status(servers=[server(last_good_backup=good)]))


def test_a_refused_reload_is_not_told_beside_the_problem_that_tells_of_it() -> None:
    told = problem(key="configuration:file", title="the configuration file has mistakes", command="")

    assert "the last reload was refused" not in shown(status(configuration_error="bad", problems=[told]))
    assert "the last reload was refused" in shown(status(configuration_error="bad"))
