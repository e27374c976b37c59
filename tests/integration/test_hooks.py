"""Hooks of a real daemon, and what monitoring sees of its backups."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.environment.daemon import PROGRAMS, Daemon
from tests.environment.loopback_port import free_port
from tests.environment.plain_mariadb import PlainMariaDb
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


def test_a_real_backup_runs_between_its_hooks_and_monitoring_sees_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    note = write_program(
        tmp_path, "note", f'echo "$OCTETH_BACKUPD_HOOK $OCTETH_BACKUPD_OUTCOME $OCTETH_BACKUPD_ARCHIVE" >>{told}'
    )
    port = free_port()
    with PlainMariaDb(directory=tmp_path / "server") as server:
        server.fill(2_000_000)
        password = tmp_path / "password"
        password.write_text(server.root_password + "\n")
        password.chmod(0o600)
        daemon = Daemon(
            directory=tmp_path / "daemon",
            servers={"oempro": {"socket": str(server.socket), "user": "root", "password_file": str(password)}},
            sections={
                "hooks": {"before_backup": [[note]], "after_backup": [[note]], "on_failure": [[note]]},
                "metrics": {"listen": f"127.0.0.1:{port}"},
            },
        )
        with daemon:
            result = daemon.backup()
            assert result.exit_code == 0, result.err
            [backup] = daemon.backups()
            last_good = daemon.ctl("last-good", "--max-age", "1h", "--proof", "L2")
            check = daemon.ctl("check", "--nagios", "--min-size", "1KiB")
            small = daemon.ctl("check", "--nagios", "--min-size", "1TiB")
            metrics = _scrape(port)

    archive = daemon.archive(backup)
    assert told.read_text().splitlines() == ["before_backup  ", f"after_backup success {archive}"]
    assert archive.is_file()
    assert (last_good.exit_code, last_good.out) == (0, f"{backup['id']}\n")
    assert (check.exit_code, small.exit_code) == (0, 2)
    assert check.out.startswith(f"OCTETH BACKUP OK - {backup['id']} is ")
    assert metrics["octeth_backup_last_run_success", ("oempro",)] == 1.0
    assert metrics["octeth_backup_last_archive_bytes", ("oempro",)] == backup["archive_bytes"]
    assert metrics["octeth_backup_last_compression_ratio", ("oempro",)] > 1.0
    assert metrics["octeth_backup_copies", ("oempro", "present", "local", "manual")] == 1.0
    assert metrics["octeth_backup_last_run_step_bytes", ("oempro", "archive")] >= backup["archive_bytes"]
    assert ("octeth_backup_last_run_step_duration_seconds", ("oempro", "hook after_backup")) in metrics


def _scrape(port: int) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return all series by their name and the values of their labels, in the order of the labels' names."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
