"""Hooks of a real daemon, without a server to back up."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.environment.daemon import PROGRAMS, Daemon
from tests.environment.loopback_port import free_port
from tests.fakes.hook_programs import write_program

CANARY = "canary-of-the-password"


def _daemon(tmp_path: Path, **hooks: list[list[str]]) -> Daemon:
    return Daemon(
        directory=tmp_path / "daemon",
        servers={"oempro": {"address": "127.0.0.1", "port": free_port(), "user": "root", "password": CANARY}},
        sections={"hooks": hooks},
        environment={"CANARY_OF_THE_DAEMON": "x"},
    )


def test_a_hook_before_the_backup_stops_it_and_the_failure_is_told_with_facts_alone(tmp_path: Path) -> None:
    told = tmp_path / "told"
    refuse = write_program(tmp_path, "refuse", "echo not now; exit 9")
    note = write_program(tmp_path, "note", f"env >{told}")

    with _daemon(tmp_path, before_backup=[[refuse]], on_failure=[[note]]) as daemon:
        result = daemon.backup()
        [run] = daemon.runs()
        steps = [(step["name"], step["status"]) for step in daemon.steps(run["id"])]
        left = daemon.files_left()

    assert result.exit_code == 1
    assert (run["status"], run["error_code"]) == ("failed", "hook_failed")
    assert run["error"] == f"hook before_backup: {refuse} ended with exit code 9: not now"
    assert steps == [("hook before_backup", "failed"), ("hook on_failure", "success")]
    assert left == []
    environment = dict(line.split("=", 1) for line in told.read_text().splitlines())
    assert environment["OCTETH_BACKUPD_OUTCOME"] == "failed"
    assert environment["OCTETH_BACKUPD_ERROR"] == run["error"]
    assert "CANARY_OF_THE_DAEMON" not in environment
    assert CANARY not in told.read_text()
    assert any(line["line"] == "not now" for line in daemon.log_lines("program.output"))


def test_a_hook_that_others_may_write_keeps_no_daemon_from_starting_and_is_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    program = Path(write_program(tmp_path, "open", f"touch {mark}"))
    program.chmod(0o777)

    with _daemon(tmp_path, before_backup=[[str(program)]]) as daemon:
        daemon.backup()
        [run] = daemon.runs()
        checked = subprocess.run(
            [PROGRAMS / "octeth-backupd", "check-config", "--json", "--config", daemon.config_file],
            capture_output=True,
            text=True,
        )

    assert run["error"] == f"hook before_backup was not run: others than its owner may write {program}"
    assert not mark.exists()
    assert checked.returncode == 78
    [problem] = [one for one in json.loads(checked.stdout)["problems"] if not one["is_warning"]]
    assert problem["path"] == "hooks.before_backup"
