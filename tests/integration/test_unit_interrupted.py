"""The installed daemon, stopped, killed or hung in the middle of what it does, by systemd and by reboots."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.environment.packaged_bench import PackagedBench, packaged_bench
from tests.environment.packaged_daemon import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

# The package may have to be built, on a machine that does other things as well.
pytestmark = pytest.mark.timeout(900)

RENAME = "^ctypes[.]dlsym .* renameat2$"
HELD_AT = {
    "unpack": (" state=staging$", "^open ibdata1 "),
    "rehearse": (" state=staging$", "^socket[.]connect .*/rehearsal/"),  # its server starts
    "fence": (" state=fencing$", " state="),
    "swap": (" state=swapping$", RENAME, "^open "),
    "start": (" state=starting$", " state="),
    "gate": (" state=gating$", ""),
}
"""Where a restore waits, by phase."""
AS_ALWAYS = ("loaded", "active", "enabled")
OPENS_AFTER_SECONDS = 1.0
_BEGAN_AT = datetime.now(UTC).replace(second=0, microsecond=0)
_SLOTS = (_BEGAN_AT - timedelta(minutes=minutes) for minutes in itertools.count(60, -1))
"""Of the past, each later than those before."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """A backup, and what is in it."""

    id: str
    tables: dict[str, int]


@pytest.fixture(scope="module")
def shared_bench() -> Iterator[PackagedBench]:
    with packaged_bench() as bench:
        bench.host.systemctl("enable", "--quiet", "--now", UNIT)
        yield bench


@pytest.fixture(scope="module")
def backup(shared_bench: PackagedBench) -> Backup:
    tables = shared_bench.server.checksum_tables()
    return Backup(id=shared_bench.back_up(), tables=tables)


@pytest.fixture
def bench(shared_bench: PackagedBench, backup: Backup) -> PackagedBench:
    """Return the installed daemon, running without a schedule."""
    assert backup.id
    shared_bench.configure()
    shared_bench.host.systemctl("reload-or-restart", UNIT)
    shared_bench.look_afresh()
    return shared_bench


@contextmanager
def caught_up_backup(bench: PackagedBench) -> Iterator[None]:
    """Let the daemon have been off over a slot, and its run wait for the server within a block."""
    slot = next(_SLOTS)
    bench.configure(daily=f"{slot.minute} {slot.hour} * * *")
    bench.host.systemctl("restart", UNIT)
    bench.host.systemctl("stop", UNIT)
    bench.make_due(slot - timedelta(seconds=1))
    with bench.held_engine():
        bench.host.systemctl("start", UNIT)
        bench.wait_for_engine()
        yield


def assert_caught_up_once(bench: PackagedBench, first: str = "interrupted") -> None:
    """Assert that the slot's interrupted run is recorded, and the slot served by exactly one other."""
    interrupted, served = bench.wait_for_runs(first, "success")
    assert interrupted["trigger"] == served["trigger"] == "catch-up"
    assert (interrupted["backup_id"], served["backup_id"] is None) == (None, False)
    [schedule] = bench.daemon.told("schedules")["schedules"]
    assert schedule["last_state"] == "served"
    assert bench.leftovers() == ""


def test_scheduled_backup_of_a_daemon_that_hangs_is_recorded_and_caught_up(bench: PackagedBench) -> None:
    bench.daemon.drop_in("watchdog", "[Service]\nWatchdogSec=10\nRestartSec=1\n")
    try:
        with caught_up_backup(bench):
            bench.host.systemctl("kill", "--kill-who=main", "--signal=STOP", UNIT)
            bench.daemon.wait_for("NRestarts", "1")
        bench.daemon.wait_for("ActiveState", "active")
    finally:
        bench.host.run(["rm", f"/etc/systemd/system/{UNIT}.d/watchdog.conf"])
        bench.host.systemctl("daemon-reload")

    assert_caught_up_once(bench)


def test_scheduled_backup_is_caught_up_after_a_restart(bench: PackagedBench) -> None:
    with caught_up_backup(bench):
        bench.host.systemctl("restart", UNIT)

    assert_caught_up_once(bench)


def test_manual_backup_is_recorded_and_not_repeated_after_a_restart(bench: PackagedBench) -> None:
    with bench.held_engine():
        bench.daemon.told("backup", "--detach")
        bench.wait_for_engine()
        bench.host.systemctl("restart", UNIT)
        after_the_stop = bench.leftovers()

    [run] = bench.wait_for_runs("interrupted")
    assert run["trigger"] == "manual"
    assert after_the_stop == ""
    assert run["backup_id"] is None


def test_programs_die_with_a_killed_daemon_and_the_next_one_tidies_up(bench: PackagedBench) -> None:
    bench.daemon.drop_in("slowly", "[Service]\nRestartSec=4\n")
    try:
        with bench.held_engine():
            bench.daemon.told("backup", "--detach")
            bench.wait_for_engine()
            bench.host.systemctl("kill", "--kill-who=main", "--signal=KILL", UNIT)
            bench.daemon.wait_for("SubState", "auto-restart")
            meanwhile = bench.processes("mariadb-backup --|octeth-backupd serve")
            workspaces = bench.host.run(["ls", "-A", "/var/backups/octeth/.workspace"]).stdout
            bench.daemon.wait_for("ActiveState", "active")
    finally:
        bench.host.run(["rm", f"/etc/systemd/system/{UNIT}.d/slowly.conf"])
        bench.host.systemctl("daemon-reload")

    assert meanwhile == ""
    assert workspaces != ""
    bench.wait_for_runs("interrupted")
    assert bench.leftovers() == ""


def test_slot_that_passes_while_the_machine_is_down_is_caught_up_once(bench: PackagedBench) -> None:
    slot = (datetime.now(UTC) + timedelta(seconds=120)).replace(second=0, microsecond=0)
    bench.configure(weekly=f"{slot.minute} {slot.hour} * * *")
    bench.host.systemctl("reload", UNIT)

    bench.host.container.stop(timeout=60)
    is_down_before = datetime.now(UTC) < slot
    time.sleep(max(0.0, (slot - datetime.now(UTC)).total_seconds() + 1))
    bench.host.start()
    bench.daemon.wait_for("ActiveState", "active")
    [run] = bench.wait_for_runs("success")
    bench.host.reboot()
    bench.daemon.wait_for("ActiveState", "active")

    assert is_down_before
    assert datetime.fromisoformat(run["created_at"]) > slot
    assert bench.wait_for_runs("success") == [run]
    [schedule] = bench.daemon.told("schedules")["schedules"]
    assert schedule["last_state"] == "served"


@pytest.mark.parametrize("phase", HELD_AT)
def test_restart_during_a_restore_ends_on_one_complete_data_set(
    bench: PackagedBench, backup: Backup, phase: str
) -> None:
    bench.server.sql(f"CREATE OR REPLACE TABLE oempro.later_{phase} (id INT PRIMARY KEY) SELECT 1 AS id")
    before = bench.server.checksum_tables()
    gate = bench.held_restore(backup.id, HELD_AT[phase])
    state = bench.journals()[0]["state"]
    opening = threading.Timer(OPENS_AFTER_SECONDS, gate.open)
    opening.start()

    bench.host.systemctl("restart", UNIT)

    opening.join()
    assert bench.daemon.shown("NRestarts") == "0"
    assert_whole(bench, before=before, at_backup=backup.tables)
    if state == "staging":
        assert bench.server.checksum_tables() == before


@pytest.mark.parametrize("end", ["shutdown", "power lost"])
def test_reboot_in_the_middle_of_a_swap_ends_on_one_complete_data_set(
    bench: PackagedBench, backup: Backup, end: str
) -> None:
    bench.server.sql("CREATE OR REPLACE TABLE oempro.later_reboot (id INT PRIMARY KEY) SELECT 1 AS id")
    before = bench.server.checksum_tables()
    gate = bench.held_restore(backup.id, HELD_AT["swap"])

    if end == "shutdown":
        opening = threading.Timer(OPENS_AFTER_SECONDS, gate.open)
        opening.start()
        bench.host.reboot()
        opening.join()
    else:
        bench.host.lose_power()
        gate.open()
        bench.host.start()

    bench.daemon.wait_for("ActiveState", "active")
    assert_whole(bench, before=before, at_backup=backup.tables)


def assert_whole(bench: PackagedBench, *, before: dict[str, int], at_backup: dict[str, int]) -> None:
    """Assert that the server is up on the data that the newest journal names, and that nothing else is left."""
    journal = bench.wait_until_resolved()
    assert bench.server.checksum_tables() == (at_backup if journal["state"] == "committed" else before), journal
    assert bench.unit() == AS_ALWAYS
    assert bench.leftovers() == ""
    restore, *resolved = bench.runs("restore", "resolve")
    assert restore["status"] in {"success", "interrupted", "failed"}
    assert [run["status"] for run in resolved] in ([], ["success"])
    status = bench.daemon.told("status")
    assert status["warnings"] == []
    assert [server["active_run"] for server in status["servers"]] == [None]


@pytest.mark.long
def test_stop_waits_for_a_swap_of_minutes(bench: PackagedBench, backup: Backup) -> None:
    """Also when systemd reloads meanwhile, as the unmasking of the server makes it: it forgets EXTEND_TIMEOUT then."""
    bench.server.sql("CREATE OR REPLACE TABLE oempro.later_stop (id INT PRIMARY KEY) SELECT 1 AS id")
    before = bench.server.checksum_tables()
    gate = bench.held_restore(backup.id, HELD_AT["swap"])
    opening = threading.Timer(150, gate.open)
    opening.start()
    began = time.monotonic()

    bench.host.run(["systemctl", "restart", UNIT], timeout_seconds=300)

    opening.join()
    assert time.monotonic() - began > 150
    assert "stop-sigterm' timed out" not in bench.host.journal(UNIT)
    assert_whole(bench, before=before, at_backup=backup.tables)
