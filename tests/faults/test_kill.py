"""``kill -9`` of the daemon in every step of a run: the next start puts everything right."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.audit_fault import die_before, die_before_change
from tests.environment.backup_lock import backup_lock
from tests.environment.daemon import Daemon, DaemonEndedError
from tests.environment.database_containers import MariaDbContainer, unique_name
from tests.environment.gate import Gate, install_gated_program
from tests.environment.leftovers import marked_processes, sidecars
from tests.environment.plain_mariadb import BACKUP_PROGRAM
from tests.faults.conftest import plain_table, write_password

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Literal

    from tests.environment.plain_mariadb import PlainMariaDb
    from tests.faults.conftest import MakeDaemon

MARIADB_BACKUP = "mariadb-backup"


def backup_runs(daemon: Daemon) -> list[dict[str, Any]]:
    """Return the runs that made backups, newest first; the daemon writes state files in runs of its own."""
    return [run for run in daemon.runs() if run["operation"] == "backup"]


@dataclass(frozen=True, kw_only=True)
class Held:
    """A program of a run that does not end, so that its step can be caught."""

    step: str
    program: str
    argument: str
    when: Literal["before", "after"]


HELD = (
    Held(step="preflight", program=MARIADB_BACKUP, argument="--version", when="before"),
    Held(step="backup", program=MARIADB_BACKUP, argument="--backup", when="after"),
    Held(step="prepare", program=MARIADB_BACKUP, argument="--prepare", when="after"),
    Held(step="archive", program="tar", argument="--create", when="after"),
)

BEFORE_THE_MANIFEST = {
    "verify: before the archive is read back": ("verify", r"^open \S+[.]tar[.]zst[.]partial rb? "),
    "store: before the archive loses its partial name": ("store", r"^os[.]remove \S+[.]tar[.]zst[.]partial "),
    "store: before the manifest has its name": ("store", r"^os[.]link \S+ \S+[.]json "),
}
"""The most telling ones; ``test_kill_before_every_single_change_to_a_file`` goes through all."""
AFTER_THE_MANIFEST = {
    "store: before the manifest loses its partial name": r"^os[.]remove \S+[.]tar[.]zst[.]json[.]partial ",
    "record: before the workspace is removed": r"^shutil[.]rmtree \S+/[.]workspace/[^/ ]+ ",
}


@pytest.mark.parametrize("held", HELD, ids=lambda held: f"{held.step} {held.when}")
def test_kill_while_a_program_works_is_put_right_and_made_up_for(
    make_due_daemon: MakeDaemon, tmp_path: Path, held: Held
) -> None:
    gate = Gate(tmp_path / "gate")
    real = BACKUP_PROGRAM if held.program == MARIADB_BACKUP else shutil.which(held.program) or ""
    install_gated_program(tmp_path / "bin" / held.program, real, argument=held.argument, gate=gate, when=held.when)
    daemon = make_due_daemon()
    daemon.start()
    gate.wait_until_reached()
    killed = daemon.wait_for("step.started", step=held.step)["run_id"]
    daemon.kill()
    assert marked_processes(daemon), "the program outlives the daemon, or this test proves nothing"
    assert (daemon.backup_directory / ".workspace" / killed).is_dir()

    gate.close()  # the next run is caught at the same place, which lets us look at what recovery left of this one
    daemon.start()

    assert not any(killed in command for command in marked_processes(daemon).values())
    assert not [path for path in daemon.files_left() if killed in str(path)]
    gate.open()
    assert_interrupted_and_made_up_for(daemon, killed, step=held.step)


@pytest.mark.parametrize("moment", BEFORE_THE_MANIFEST)
def test_kill_before_the_manifest_is_written_leaves_no_backup_and_is_made_up_for(
    make_due_daemon: MakeDaemon, tmp_path: Path, moment: str
) -> None:
    step, operation = BEFORE_THE_MANIFEST[moment]
    daemon = make_due_daemon(environment=die_before(tmp_path / "fault", operation))
    daemon.start()
    assert daemon.wait() == -signal.SIGKILL
    killed = daemon.wait_for("step.started", step=step)["run_id"]
    assert daemon.files_left()

    daemon.environment = {}
    daemon.start()

    assert_interrupted_and_made_up_for(daemon, killed, step=step)


@pytest.mark.parametrize("moment", AFTER_THE_MANIFEST)
def test_kill_after_the_manifest_is_written_keeps_the_backup(
    make_due_daemon: MakeDaemon, tmp_path: Path, moment: str
) -> None:
    daemon = make_due_daemon(environment=die_before(tmp_path / "fault", AFTER_THE_MANIFEST[moment]))
    daemon.start()
    assert daemon.wait() == -signal.SIGKILL

    daemon.environment = {}
    daemon.start()

    assert_kept(daemon)


def test_kill_in_the_middle_of_the_transaction_that_records_the_backup_keeps_it(make_due_daemon: MakeDaemon) -> None:
    daemon = make_due_daemon()
    catalog = daemon.state_directory / "catalog.sqlite"
    forever = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000000000) SELECT sum(i) FROM n"
    change(catalog, f"CREATE TRIGGER never_ends BEFORE INSERT ON backups BEGIN {forever}; END")
    daemon.start()
    daemon.wait_for("step.started", step="record")
    wait_until_written_to(catalog)
    daemon.kill()
    change(catalog, "DROP TRIGGER never_ends")

    daemon.start()

    assert_kept(daemon)


def test_kill_is_put_right_although_the_engine_ignores_polite_signals(
    make_daemon: MakeDaemon, plain_server: PlainMariaDb, tmp_path: Path
) -> None:
    install_stubborn_engine(tmp_path / "bin" / MARIADB_BACKUP)
    daemon = make_daemon()
    daemon.start()
    run_id = daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
    daemon.wait_for("program.output", line="stubborn")
    daemon.kill()
    assert marked_processes(daemon)

    daemon.start()

    assert marked_processes(daemon) == {}
    assert daemon.files_left() == []
    [run] = backup_runs(daemon)
    assert (run["id"], run["status"], run["error_code"]) == (run_id, "interrupted", "interrupted")
    (tmp_path / "bin" / MARIADB_BACKUP).unlink()
    assert daemon.backup().exit_code == 0


def test_kill_while_a_sidecar_works_removes_it_and_the_next_backup_works(tmp_path: Path) -> None:
    name = unique_name("kill")
    with MariaDbContainer(data_directory=tmp_path / "data", name=name) as server:
        server.fill(5_000_000)
        table = {"container": name, "password_file": write_password(server, tmp_path)}
        with Daemon(directory=tmp_path / "daemon", servers={"oempro": table}) as daemon:
            with backup_lock(server) as wait_until_engine_waits:
                run_id = daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
                daemon.wait_for("step.started", step="backup")
                wait_until_engine_waits(daemon)
                daemon.kill()
                [sidecar] = sidecars(daemon)

                daemon.start()

                assert sidecars(daemon) == []
                assert sidecar in {entry["container"] for entry in daemon.log_lines("recovery.sidecar_removed")}
            assert daemon.files_left() == []
            [run] = backup_runs(daemon)
            assert (run["id"], run["status"]) == (run_id, "interrupted")
            assert daemon.backup().exit_code == 0
            assert sidecars(daemon) == []


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_kill_before_every_single_change_to_a_file(
    plain_server: PlainMariaDb, tmp_path: Path, state_with_a_due_slot: Path, due_schedule: dict[str, str]
) -> None:
    number, outcomes = 0, set()
    while True:
        number += 1
        base = tmp_path / str(number)
        daemon = Daemon(
            directory=base / "daemon",
            servers={"oempro": plain_table(plain_server, tmp_path)},
            sections={"schedules": due_schedule},
            environment=die_before_change(base / "fault", beneath=base / "daemon", number=number),
        )
        daemon.state_directory.mkdir(mode=0o700)
        shutil.copy2(state_with_a_due_slot, daemon.state_directory / "catalog.sqlite")
        daemon.start(wait=False)
        try:
            daemon.wait_for("run.finished")
        except DaemonEndedError:
            assert daemon.exit_code() == -signal.SIGKILL, daemon.log()[-3000:]
        else:
            daemon.stop()
            break  # the run had fewer changes than this: every one has had its turn
        daemon.environment = {}
        with daemon:
            outcomes.add(wait_for_last_run(daemon)["status"])
            first = daemon.runs()[-1]
            assert first["status"] in {"interrupted", "success"}, f"before change {number}"
            assert last_slot_state(daemon) == "served", f"before change {number}"
            assert files_left_at_last(daemon) == [], f"before change {number}"
            assert_only_whole_backups(daemon)
            assert marked_processes(daemon) == {}
        shutil.rmtree(base)
    assert number > 20


def assert_interrupted_and_made_up_for(daemon: Daemon, killed: str, *, step: str) -> None:
    """Assert that a killed run was closed, that its slot was served by another, and that nothing is left of it."""
    made_up = wait_for_last_run(daemon)
    runs = {run["id"]: run for run in daemon.runs()}
    assert set(runs) == {killed, made_up["id"]}
    assert (runs[killed]["status"], runs[killed]["error_code"]) == ("interrupted", "interrupted")
    steps = daemon.steps(killed)
    assert [(entry["name"], entry["status"]) for entry in steps][-1] == (step, "interrupted")
    assert (made_up["status"], made_up["trigger"]) == ("success", "catch-up"), made_up
    assert last_slot_state(daemon) == "served"
    assert_nothing_left(daemon, backups=1)


def assert_kept(daemon: Daemon) -> None:
    """Assert that the backup of a killed run is there, that its slot is served, and that nothing else is left."""
    [run] = backup_runs(daemon)
    [backup] = daemon.backups()
    assert (run["status"], run["backup_id"]) == ("success", backup["id"])
    assert last_slot_state(daemon) == "served"
    assert_nothing_left(daemon, backups=1)
    assert daemon.backup().exit_code == 0
    assert_nothing_left(daemon, backups=2)


def assert_nothing_left(daemon: Daemon, *, backups: int) -> None:
    assert len(daemon.backups()) == backups
    assert files_left_at_last(daemon) == []
    assert marked_processes(daemon) == {}
    assert_only_whole_backups(daemon)


def files_left_at_last(daemon: Daemon) -> list[Path]:
    """Return what is left once the daemon has written its state files again: a run of its own, soon after READY."""
    deadline = time.monotonic() + 60
    while True:
        left = daemon.files_left()
        is_cut_state = bool(left) and all(path.name.startswith(".state-") for path in left)
        if not is_cut_state or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def assert_only_whole_backups(daemon: Daemon) -> None:
    """Assert that the backup directory holds the three files of each backup in the catalog, and nothing else.

    State files apart, whole or being written just now: no backup depends on one.
    """
    expected = {
        f"{daemon.archive(backup)}{suffix}" for backup in daemon.backups() for suffix in ("", ".sha256", ".json")
    }
    found = {path for path in daemon.backup_directory.rglob("*") if path.is_file()}
    assert {str(path) for path in found if not path.name.startswith(("state-", ".state-"))} == expected


def wait_for_last_run(daemon: Daemon) -> dict[str, Any]:
    """Return the newest run when it is over."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        run = daemon.runs()[0]
        if run["status"] not in {"queued", "running"}:
            return run
        time.sleep(0.1)
    raise AssertionError(f"run {run['id']} does not end:\n{daemon.log()[-3000:]}")


def last_slot_state(daemon: Daemon) -> str:
    [schedule] = daemon.api("/v1/schedules")["schedules"]
    return str(schedule["last_state"])


def change(catalog: Path, statement: str) -> None:
    with closing(sqlite3.connect(catalog)) as connection, connection:
        connection.execute(statement)


def wait_until_written_to(catalog: Path) -> None:
    """Return when somebody else is in the middle of a write transaction."""
    limit = time.monotonic() + 60
    with closing(sqlite3.connect(catalog, timeout=0, isolation_level=None)) as connection:
        while time.monotonic() < limit:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return
            connection.execute("ROLLBACK")
            time.sleep(0.02)
    raise AssertionError("nobody writes")


def install_stubborn_engine(path: Path) -> None:
    """Write an engine that ignores polite signals in its backup, and says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"""#!/bin/sh
case " $* " in *" --backup "*) ;; *) exec {BACKUP_PROGRAM} "$@" ;; esac
trap '' TERM INT HUP
echo stubborn >&2
while :; do sleep 1; done
"""
    )
    path.chmod(0o755)
