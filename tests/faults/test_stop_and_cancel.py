"""Ending runs from outside: cancel, stop, reload, time limits, and who must wait for whom."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from tests.environment.audit_fault import wait_before
from tests.environment.backup_lock import backup_lock
from tests.environment.daemon import CtlResult, Daemon
from tests.environment.database_containers import MariaDbContainer, unique_name
from tests.environment.gate import Gate, install_gated_program
from tests.environment.leftovers import marked_processes, sidecars
from tests.environment.plain_mariadb import BACKUP_PROGRAM
from tests.environment.standin import install_lying_mariadb_backup
from tests.faults.conftest import write_password
from tests.standins.lies import Lie

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.conftest import MakeDaemon

CANCELLED, INTERRUPTED, BUSY, FAILED, CONFIGURATION = 3, 5, 75, 1, 78


@dataclass(frozen=True, kw_only=True)
class Held:
    """A program that does not end by itself, in the step it belongs to."""

    step: str
    program: str
    argument: str


HELD = (
    Held(step="preflight", program="mariadb-backup", argument="--version"),
    Held(step="backup", program="mariadb-backup", argument="--backup"),
    Held(step="prepare", program="mariadb-backup", argument="--prepare"),
    Held(step="archive", program="tar", argument="--create"),
)


class Waiting:
    """octeth-backupctl that waits for a run in the background."""

    def __init__(self, daemon: Daemon, *arguments: str) -> None:
        self._result: CtlResult | None = None
        self._thread = threading.Thread(target=self._run, args=(daemon, arguments))
        self._thread.start()

    def _run(self, daemon: Daemon, arguments: tuple[str, ...]) -> None:
        self._result = daemon.ctl(*arguments)

    def result(self) -> CtlResult:
        """Wait for its end."""
        self._thread.join(60)
        assert self._result is not None, "octeth-backupctl does not end"
        return self._result


def hold(tmp_path: Path, held: Held, *, when: Literal["before", "after"] = "before") -> Gate:
    """Install a program that waits at a gate."""
    gate = Gate(tmp_path / "gate")
    real = BACKUP_PROGRAM if held.program == "mariadb-backup" else shutil.which(held.program) or ""
    install_gated_program(tmp_path / "bin" / held.program, real, argument=held.argument, gate=gate, when=when)
    return gate


@pytest.mark.parametrize("held", HELD, ids=lambda held: held.step)
def test_cancel_ends_the_program_and_the_run_and_closes_the_slot(
    make_due_daemon: MakeDaemon, tmp_path: Path, held: Held
) -> None:
    gate = hold(tmp_path, held)
    daemon = make_due_daemon()
    daemon.start()
    gate.wait_until_reached()
    run_id = daemon.runs()[0]["id"]
    assert any(held.program in command for command in marked_processes(daemon).values())
    watching = Waiting(daemon, "watch", run_id)
    time.sleep(0.5)
    began = time.monotonic()

    assert daemon.ctl("cancel", run_id).exit_code == 0

    assert watching.result().exit_code == CANCELLED
    assert time.monotonic() - began < 10
    assert_cancelled(daemon, run_id, step=held.step)
    [schedule] = daemon.api("/v1/schedules")["schedules"]
    assert (schedule["last_state"], schedule["last_run_id"]) == ("cancelled", run_id)
    assert len(daemon.runs()) == 1, "a cancelled run is not made up for"


def test_cancel_while_the_archive_is_read_back_leaves_no_archive(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    gate = Gate(tmp_path / "gate")
    daemon = make_daemon(environment=wait_before(tmp_path / "fault", r"^open \S+[.]tar[.]zst[.]partial rb? ", gate))
    daemon.start()
    waiting = Waiting(daemon, "backup")
    gate.wait_until_reached()
    run_id = daemon.runs()[0]["id"]

    assert daemon.ctl("cancel", run_id).exit_code == 0
    gate.open()

    assert waiting.result().exit_code == CANCELLED
    assert_cancelled(daemon, run_id, step="verify")


def test_cancel_ends_an_engine_that_ignores_polite_signals(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    install_lying_mariadb_backup(tmp_path / "bin", lie=Lie.HANG)
    daemon = make_daemon()
    daemon.start()
    waiting = Waiting(daemon, "backup")
    daemon.wait_for("program.output", program="mariadb-backup")
    run_id = daemon.runs()[0]["id"]

    daemon.ctl("cancel", run_id)

    assert waiting.result().exit_code == CANCELLED
    assert_cancelled(daemon, run_id, step="backup")


def test_cancel_ends_the_real_engine_in_a_sidecar_and_removes_it(tmp_path: Path) -> None:
    name = unique_name("cancel")
    with MariaDbContainer(data_directory=tmp_path / "data", name=name) as server:
        server.create_ledger()
        table = {"container": name, "password_file": write_password(server, tmp_path)}
        with Daemon(directory=tmp_path / "daemon", servers={"oempro": table}) as daemon:
            with backup_lock(server) as wait_until_engine_waits:
                waiting = Waiting(daemon, "backup")
                wait_until_engine_waits(daemon)
                run_id = daemon.runs()[0]["id"]
                assert len(sidecars(daemon)) == 1

                daemon.ctl("cancel", run_id)

                assert waiting.result().exit_code == CANCELLED
            assert_cancelled(daemon, run_id, step="backup")
            assert sidecars(daemon) == []


def test_stop_ends_a_running_backup_in_time_and_the_next_start_makes_up_for_it(
    make_due_daemon: MakeDaemon, tmp_path: Path
) -> None:
    gate = hold(tmp_path, HELD[1], when="after")
    daemon = make_due_daemon()
    daemon.start()
    gate.wait_until_reached()
    run_id = daemon.runs()[0]["id"]
    watching = Waiting(daemon, "watch", run_id)
    time.sleep(0.5)
    began = time.monotonic()

    assert daemon.stop() == 0

    assert time.monotonic() - began < 15
    assert watching.result().exit_code in {INTERRUPTED, 69}
    assert marked_processes(daemon) == {}
    assert daemon.files_left() == []
    assert not daemon.socket.exists()
    gate.open()
    daemon.start()
    daemon.wait_for("run.finished", status="success")
    made_up, interrupted = daemon.runs()
    assert (interrupted["id"], interrupted["status"]) == (run_id, "interrupted")
    assert (made_up["status"], made_up["trigger"]) == ("success", "catch-up")


def test_stop_ends_in_time_although_the_engine_ignores_polite_signals(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    install_lying_mariadb_backup(tmp_path / "bin", lie=Lie.PREPARE_HANG)
    daemon = make_daemon()
    daemon.start()
    daemon.ctl("backup", "--detach")
    wait_for_line(daemon, "Waiting for table flush")
    began = time.monotonic()

    assert daemon.stop() == 0

    assert time.monotonic() - began < 30
    assert marked_processes(daemon) == {}
    assert daemon.files_left() == []
    assert daemon.log_lines("run.finished")[-1]["status"] == "interrupted"


def test_reload_of_a_good_file_serves_the_next_run_and_leaves_the_running_one_its_own(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    gate = hold(tmp_path, HELD[1])
    daemon = make_daemon()
    daemon.start()
    waiting = Waiting(daemon, "backup")
    gate.wait_until_reached()
    daemon.sections = {**daemon.sections, "compression": {"algorithm": "none"}}
    daemon.write_config()

    daemon.signal(signal.SIGHUP)
    daemon.wait_for("configuration.reloaded")
    gate.open()

    assert waiting.result().exit_code == 0
    assert daemon.backup().exit_code == 0
    second, first = daemon.backups()
    assert first["archive_name"].endswith(".tar.zst")
    assert second["archive_name"].endswith(".tar")


def test_reload_of_a_bad_file_leaves_the_old_one_in_force_and_says_so(make_daemon: MakeDaemon) -> None:
    daemon = make_daemon()
    daemon.start()
    good = daemon.config_file.read_text()
    daemon.config_file.write_text(good + "\n[retention]\ndayly = 3\n")

    daemon.signal(signal.SIGHUP)
    refused = daemon.wait_for("configuration.reload_refused")

    assert "retention.dayly" in refused["error"]
    assert "retention.dayly" in daemon.api("/v1/status")["configuration_error"]
    assert "retention.dayly" in daemon.ctl("status").out
    assert daemon.backup().exit_code == 0
    daemon.config_file.write_text(good)
    daemon.signal(signal.SIGHUP)
    daemon.wait_for("configuration.reloaded")
    assert daemon.api("/v1/status")["configuration_error"] == ""


def test_a_second_daemon_on_the_same_state_directory_is_refused_and_told_who_is_there(
    make_daemon: MakeDaemon,
) -> None:
    daemon = make_daemon()
    daemon.start()
    assert daemon.process is not None
    pid = daemon.process.pid
    second = Daemon(directory=daemon.directory, servers=daemon.servers, path_first=daemon.path_first)

    second.start(wait=False)

    assert second.wait() == BUSY
    assert f"another octeth-backupd (pid {pid})" in daemon.log()
    assert daemon.is_running()
    assert daemon.backup().exit_code == 0, "the first one is not disturbed"


def test_a_second_backup_is_refused_naming_the_holder_and_waits_when_told_to(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    gate = hold(tmp_path, HELD[1])
    daemon = make_daemon()
    daemon.start()
    first = Waiting(daemon, "backup")
    gate.wait_until_reached()
    holder = daemon.runs()[0]["id"]

    refused = daemon.backup()

    assert refused.exit_code == BUSY
    assert holder in refused.err
    assert "--wait" in refused.err
    assert len(daemon.runs()) == 1
    queued = Waiting(daemon, "backup", "--wait")
    wait_for_runs(daemon, 2)
    assert daemon.runs()[0]["status"] == "queued"
    gate.open()
    assert (first.result().exit_code, queued.result().exit_code) == (0, 0)
    second_run, first_run = daemon.runs()
    assert first_run["id"] == holder
    assert second_run["started_at"] >= first_run["finished_at"]
    assert len(daemon.backups()) == 2


def test_a_queued_run_can_be_cancelled_and_the_running_one_goes_on(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    gate = hold(tmp_path, HELD[1])
    daemon = make_daemon()
    daemon.start()
    first = Waiting(daemon, "backup")
    gate.wait_until_reached()
    queued = Waiting(daemon, "backup", "--wait")
    wait_for_runs(daemon, 2)

    daemon.ctl("cancel", daemon.runs()[0]["id"])

    assert queued.result().exit_code == CANCELLED
    gate.open()
    assert first.result().exit_code == 0


@pytest.mark.parametrize("held", HELD[1:3], ids=lambda held: held.step)
def test_a_run_that_takes_longer_than_allowed_is_ended(make_daemon: MakeDaemon, tmp_path: Path, held: Held) -> None:
    hold(tmp_path, held)
    daemon = make_daemon(sections={"backup": {"timeout_seconds": 2}})
    daemon.start()

    result = daemon.backup()

    [run] = daemon.runs()
    assert (result.exit_code, run["status"], run["error_code"]) == (FAILED, "failed", "program_timeout")
    assert "2 s" in run["error"]
    assert marked_processes(daemon) == {}
    assert daemon.files_left() == []


def assert_cancelled(daemon: Daemon, run_id: str, *, step: str) -> None:
    [run] = [run for run in daemon.runs() if run["id"] == run_id]
    assert (run["status"], run["error_code"]) == ("cancelled", "cancelled")
    assert "cancelled by" in run["error"]
    assert [(entry["name"], entry["status"]) for entry in daemon.steps(run_id)][-1] == (step, "cancelled")
    assert marked_processes(daemon) == {}
    assert daemon.files_left() == []
    assert daemon.backups() == []
    assert not [path for path in daemon.backup_directory.rglob("*") if path.is_file()]


def wait_for_line(daemon: Daemon, text: str) -> None:
    """Return when a program has printed this."""
    limit = time.monotonic() + 60
    while not any(text in entry["line"] for entry in daemon.log_lines("program.output")):
        assert time.monotonic() < limit, daemon.log()[-3000:]
        time.sleep(0.05)


def wait_for_runs(daemon: Daemon, count: int) -> None:
    limit = time.monotonic() + 60
    while len(daemon.runs()) < count:
        assert time.monotonic() < limit
        time.sleep(0.05)
