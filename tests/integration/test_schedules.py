"""Schedules of a real daemon whose wall clock is set by libfaketime; monotonic time goes on as it is."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.daemon import Daemon
from tests.environment.docker_engine import ensure_programs
from tests.environment.plain_mariadb import PlainMariaDb

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEDULES = {
    "timezone": "Europe/Berlin",
    "daily": "0 2 * * *",
    "weekly": "0 2 * * sun",
    "monthly": "0 2 1 * *",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainMariaDb]:
    with PlainMariaDb(directory=tmp_path_factory.mktemp("server")) as running:
        running.fill(1_000_000)
        yield running


@pytest.fixture
def daemon(server: PlainMariaDb, tmp_path: Path) -> Iterator[Daemon]:
    password = tmp_path / "password"
    password.write_text(server.root_password)
    password.chmod(0o600)
    table = {"socket": str(server.socket), "password_file": str(password)}
    with_clock = Daemon(directory=tmp_path / "daemon", servers={"oempro": table}, sections={"schedules": SCHEDULES})
    yield with_clock
    if with_clock.is_running():
        with_clock.stop()


def _start_at(daemon: Daemon, moment_utc: str) -> None:
    ensure_programs()
    listed = subprocess.run(["dpkg", "-L", "libfaketime"], check=True, capture_output=True, text=True).stdout
    [library] = [line for line in listed.splitlines() if line.endswith("/libfaketime.so.1")]
    daemon.environment = {
        "LD_PRELOAD": library,
        "FAKETIME": f"@{moment_utc}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }
    daemon.start()


def _slots(daemon: Daemon) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{daemon.state_directory / 'catalog.sqlite'}?mode=ro", uri=True) as catalog:
        return catalog.execute("SELECT schedule, due_at, state FROM slots ORDER BY due_at, schedule").fetchall()


def test_what_came_due_while_the_daemon_was_down_is_caught_up_once_and_stored_under_the_highest_tier(
    daemon: Daemon,
) -> None:
    _start_at(daemon, "2026-10-29 12:00:00")
    assert daemon.runs() == []
    daemon.stop()

    _start_at(daemon, "2026-11-01 12:00:00")
    daemon.wait_for("run.finished")

    [run] = daemon.runs()
    [backup] = daemon.backups()
    assert (run["status"], run["trigger"]) == ("success", "catch-up")
    assert backup["tiers"] == ["daily", "weekly", "monthly"]
    assert backup["tier"] == "monthly"
    assert daemon.archive(backup).parent.name == "monthly"
    assert [(schedule, state) for schedule, _, state in _slots(daemon)] == [
        ("daily", "served"), ("daily", "served"), ("daily", "served"), ("monthly", "served"), ("weekly", "served"),
    ]  # fmt: skip

    daemon.stop()
    _start_at(daemon, "2026-11-01 13:00:00")
    assert len(daemon.runs()) == 1


def test_a_schedule_fires_at_its_time(daemon: Daemon) -> None:
    _start_at(daemon, "2026-11-25 00:59:35")

    finished = daemon.wait_for("run.finished", timeout_seconds=90)

    assert (finished["trigger"], finished["status"], finished["tiers"]) == ("schedule", "success", ["daily"])
    assert [(schedule, state) for schedule, _, state in _slots(daemon)] == [("daily", "served")]


def test_a_pause_outlives_a_restart_and_what_comes_due_meanwhile_is_skipped(daemon: Daemon) -> None:
    _start_at(daemon, "2026-11-23 12:00:00")
    paused = daemon.ctl("pause", "--json")
    assert paused.exit_code == 0, paused.err
    daemon.stop()

    _start_at(daemon, "2026-11-25 12:00:00")
    schedules = daemon.ctl("schedules", "--json").json["schedules"]
    assert all(schedule["paused"] for schedule in schedules)
    assert [state for _, _, state in _slots(daemon)] == ["skipped", "skipped"]
    resumed = daemon.ctl("resume", "--json")
    assert resumed.exit_code == 0, resumed.err

    assert daemon.runs() == []


def test_a_failed_scheduled_run_is_tried_again_later_and_its_slot_stays_due(
    daemon: Daemon, server: PlainMariaDb
) -> None:
    _start_at(daemon, "2026-11-23 12:00:00")
    daemon.stop()
    password = Path(daemon.servers["oempro"]["password_file"])
    password.write_text("not the password")

    _start_at(daemon, "2026-11-24 12:00:00")
    daemon.wait_for("run.finished", status="failed")
    assert [state for _, _, state in _slots(daemon)] == ["due"]
    daemon.stop()
    password.write_text(server.root_password)
    _start_at(daemon, "2026-11-24 12:06:00")

    daemon.wait_for("run.finished", status="success")
    assert [state for _, _, state in _slots(daemon)] == ["served"]
