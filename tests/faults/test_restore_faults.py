"""Whole restores that something goes wrong with: the server is left as it was, or brought back to that."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tarfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.domain.restore.machine import State
from octeth_backupd.domain.restore.swap import ROOM_PREFIX
from tests.environment.audit_fault import Stop, stop_at, stoppable, wait_before
from tests.environment.backup_lock import backup_lock
from tests.environment.database_containers import DATA_DIRECTORY, MariaDbContainer, unique_name
from tests.environment.docker_engine import (
    IMAGES_DIRECTORY,
    MARIADB_IMAGE,
    Mount,
    ensure_image,
    ensure_programs,
    remove_container,
    shared_engine,
)
from tests.environment.gate import Gate
from tests.environment.leftovers import marked_processes, sidecars
from tests.environment.restoring import SERVER_NAME, restoring
from tests.environment.small_filesystem import small_filesystem
from tests.faults.test_canary import ProcessWatch, files_with, new_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.environment.restoring import Contents, Restoring

FAILED, CANCELLED, INTERRUPTED, BUSY, CONFIGURATION = 1, 3, 5, 75, 78
MIB = 1 << 20
_marks = itertools.count(2)

UNPACKING = r"^open ibdata1 None "
"""The daemon is about to make this file of the archive; it opens it from the descriptor of its directory."""
STAGED = rf"^open \S*/{ROOM_PREFIX}\S+ None {os.O_RDONLY | os.O_CLOEXEC}$"
"""All is staged and tried, and is about to be put on the disk: the last step before the server is asked to stop."""

SLEEP_WITHOUT_A_CLOCK = """
import select
time.sleep = lambda seconds: select.select([], [], [], seconds)
"""
"""libfaketime refuses the system call that ``time.sleep`` makes: sleeping until a moment of the monotonic clock."""

STUBBORN_ENTRYPOINT = """\
#!/bin/bash
# A first process that does not care for the stop signal, and keeps it from the server.
trap : TERM
/docker-entrypoint-of-the-image.sh "$@" &
while kill -0 $! 2>/dev/null; do wait $!; done
"""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """One server that most tests have in common, since none of them may change it."""

    bench: Restoring
    backup: str
    at_backup: Contents

    @property
    def archive(self) -> Path:
        [backup] = [backup for backup in self.bench.daemon.backups() if backup["id"] == self.backup]
        return self.bench.daemon.archive(backup)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    with restoring(
        tmp_path_factory.mktemp("shared"),
        vendor="mariadb",
        fill_bytes=1_000_000,
        sections={"restore": {"flush_seconds": 2, "max_safety_copies": 20}},
        server_options={"restart_policy": "unless-stopped"},
    ) as bench:
        bench.change(1)
        backup = bench.back_up()
        yield Shared(bench=bench, backup=backup, at_backup=bench.contents())


@pytest.fixture
def bench(shared: Shared) -> Restoring:
    """Return the shared server with contents that no backup has."""
    shared.bench.change(next(_marks))
    return shared.bench


def test_an_archive_whose_checksum_is_wrong_is_not_restored_unless_that_is_ordered(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    archive = copy_archive(shared.archive, tmp_path, sha256="0" * 64)
    with nothing_changed(bench):
        refused = bench.restore("--file", str(archive), check=False)

    assert refused.exit_code == FAILED
    assert "the SHA-256 of" in refused.err
    assert "--force" in refused.err
    forced = bench.restore("--file", str(archive), "--force", check=False)
    assert forced.exit_code in {0, 8}
    assert bench.contents() == shared.at_backup
    assert "no checksum confirms" in recorded(bench)


def test_an_archive_without_checksum_is_not_restored_unless_that_is_ordered(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    archive = copy_archive(shared.archive, tmp_path, sha256=None)
    with nothing_changed(bench):
        refused = bench.restore("--file", str(archive), check=False)

    assert refused.exit_code == FAILED
    assert "checksum_missing" in refused.out + refused.err
    forced = bench.restore("--file", str(archive), "--force", check=False)
    assert forced.exit_code in {0, 8}
    assert bench.contents() == shared.at_backup
    assert "no checksum confirms" in recorded(bench)


def test_an_archive_that_was_cut_is_not_restored_even_when_its_checksum_fits(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    archive = copy_archive(shared.archive, tmp_path, sha256=None)
    os.truncate(archive, archive.stat().st_size * 2 // 3)
    write_checksum(archive)

    with nothing_changed(bench):
        refused = bench.restore("--file", str(archive), check=False)

    assert refused.exit_code == FAILED
    assert last_run(bench)["error_code"] == "verification_failed"


def test_a_copy_that_was_cut_since_is_refused_by_the_plan(shared: Shared, bench: Restoring, tmp_path: Path) -> None:
    whole = shutil.copy2(shared.archive, tmp_path / "whole")
    os.truncate(shared.archive, shared.archive.stat().st_size - 1)

    with nothing_changed(bench):
        refused = bench.restore(shared.backup, check=False)

    shutil.copy2(whole, shared.archive)
    assert refused.exit_code == FAILED
    assert "no_copy" in refused.out + refused.err
    assert "instead of" in refused.out


def test_a_copy_with_one_flipped_byte_is_not_restored(shared: Shared, bench: Restoring, tmp_path: Path) -> None:
    whole = shutil.copy2(shared.archive, tmp_path / "whole")
    flip_byte(shared.archive, shared.archive.stat().st_size // 2)

    with nothing_changed(bench):
        refused = bench.restore(shared.backup, check=False)

    shutil.copy2(whole, shared.archive)
    assert refused.exit_code == FAILED
    assert last_run(bench)["error_code"] == "verification_failed"


def test_a_newer_servers_backup_is_refused_by_the_plan(shared: Shared, bench: Restoring, tmp_path: Path) -> None:
    archive = copy_archive(shared.archive, tmp_path)
    edit_manifest(archive, lambda manifest: manifest["server"].update(version="99.1.0"))

    with nothing_changed(bench):
        refused = bench.restore("--file", str(archive), "--force", "--force-foreign", check=False)

    assert refused.exit_code == FAILED
    assert "newer_version" in refused.out + refused.err


def test_a_backup_of_another_installation_does_not_replace_data_it_knows_nothing_of_unless_that_is_ordered(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    archive = copy_archive(shared.archive, tmp_path)

    def of_another(manifest: dict[str, Any]) -> None:
        manifest["installation_id"] = "99999999-2222-3333-4444-555555555555"
        manifest["server"]["identity"]["data_inode"] = 1

    edit_manifest(archive, of_another)
    with nothing_changed(bench):
        refused = bench.restore("--file", str(archive), check=False)

    assert refused.exit_code == FAILED
    assert "foreign_data" in refused.out + refused.err
    bench.restore("--file", str(archive), "--force-foreign")
    assert bench.contents() == shared.at_backup


def test_a_backup_is_not_restored_into_another_server_unless_that_is_ordered(tmp_path: Path) -> None:
    with (
        MariaDbContainer(data_directory=tmp_path / "other" / "mysql") as other,
        restoring(tmp_path, vendor="mariadb", fill_bytes=500_000) as bench,
    ):
        other.sql("CREATE DATABASE shop")
        other.sql("CREATE TABLE shop.orders (id INT PRIMARY KEY)")
        backup = bench.back_up()
        at_backup = bench.contents()
        daemon = bench.daemon
        daemon.stop()
        own = dict(daemon.servers[SERVER_NAME])
        daemon.servers = {SERVER_NAME: own, "other": own | {"container": other.name}}
        daemon.write_config()
        daemon.start()
        contents = other.checksum_tables()

        refused = daemon.ctl("restore", backup, "--server", "other", "--yes")

        assert refused.exit_code == FAILED
        assert "foreign_data" in refused.out + refused.err
        assert other.checksum_tables() == contents
        ordered = daemon.ctl("restore", backup, "--server", "other", "--force-foreign", "--yes", timeout_seconds=200)
        assert ordered.exit_code in {0, 8}, ordered.out + ordered.err
        assert other.checksum_tables() == at_backup.tables
        assert bench.contents() == at_backup


def test_a_disk_that_fills_while_unpacking_ends_the_restore_and_is_emptied(tmp_path: Path) -> None:
    with (
        small_filesystem(tmp_path / "small", megabytes=700) as small,
        restoring(tmp_path, vendor="mariadb", fill_bytes=500_000, data_directory=small / "mysql" / "data") as bench,
    ):
        backup = bench.back_up()
        with held_before(bench, tmp_path, UNPACKING) as gate, nothing_changed(bench):
            run_id = begin_restore(bench, backup)
            gate.wait_until_reached()
            neighbour = small / "neighbour"
            fill_up(neighbour, leaving_bytes=2 * MIB)
            gate.open()
            run = ended(bench, run_id)
            neighbour.unlink()

        assert (run["status"], run["error_code"]) == ("failed", "no_space")
        assert str(small) in run["error"]
        bench.daemon.stop()


def test_too_little_room_is_refused_by_the_plan_with_the_numbers(tmp_path: Path) -> None:
    with (
        small_filesystem(tmp_path / "small", megabytes=320) as small,
        restoring(tmp_path, vendor="mariadb", fill_bytes=500_000, data_directory=small / "mysql" / "data") as bench,
    ):
        backup = bench.back_up()
        fill_up(small / "neighbour", leaving_bytes=40 * MIB)
        with nothing_changed(bench):
            refused = bench.restore(backup, check=False)

        assert refused.exit_code == FAILED
        assert "no_space" in refused.out + refused.err
        assert "Free " in refused.out
        bench.daemon.stop()


def test_a_data_directory_on_a_read_only_file_system_is_refused(tmp_path: Path) -> None:
    with (
        small_filesystem(tmp_path / "small", megabytes=400) as small,
        restoring(tmp_path, vendor="mariadb", fill_bytes=500_000, data_directory=small / "mysql" / "data") as bench,
    ):
        backup = bench.back_up()
        contents = bench.contents()
        bench.server.stop()
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)

        refused = bench.restore(backup, check=False)

        subprocess.run(["mount", "-o", "remount,rw", small], check=True)
        assert refused.exit_code == FAILED
        assert "read_only_file_system" in refused.out + refused.err
        bench.server.start()
        assert bench.contents() == contents
        assert bench.journals() == []
        bench.daemon.stop()


def test_a_container_that_was_made_anew_under_the_same_name_meanwhile_is_not_stopped(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    with held_before(bench, tmp_path, STAGED) as gate:
        run_id = begin_restore(bench, shared.backup)
        gate.wait_until_reached(60)
        contents = bench.contents()
        bench.server.remove()
        bench.server.start()
        with nothing_changed(bench, but_files=True):
            gate.open()
            run = ended(bench, run_id)

        assert run["status"] == "failed"
        assert "is not the one that this restore began with" in run["error"]
        assert bench.contents() == contents
        assert rooms(bench, of_run=run_id) == []
        assert [journal for journal in bench.journals() if journal["state"] not in FINAL] == []


def test_a_container_that_comes_to_mount_the_data_meanwhile_ends_the_restore(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    with held_before(bench, tmp_path, STAGED) as gate, nothing_changed(bench):
        run_id = begin_restore(bench, shared.backup)
        gate.wait_until_reached(60)
        with another_container_on(bench.server.data_directory) as name:
            gate.open()
            run = ended(bench, run_id)

        assert run["status"] == "failed"
        assert name in run["error"]
        assert "nothing of the server's data was changed" in run["error"]


def test_a_container_that_mounts_the_same_data_is_named_and_the_restore_refused(
    shared: Shared, bench: Restoring
) -> None:
    with nothing_changed(bench), another_container_on(bench.server.data_directory) as name:
        refused = bench.restore(shared.backup, check=False)

    assert refused.exit_code == FAILED
    assert "other_container" in refused.out + refused.err
    assert name in refused.out + refused.err


def test_a_container_that_does_not_stop_in_time_is_left_alone_and_goes_on_serving(tmp_path: Path) -> None:
    entrypoint = tmp_path / "entrypoint.sh"
    entrypoint.write_text(STUBBORN_ENTRYPOINT)
    entrypoint.chmod(0o755)
    mounts = (
        Mount(source=entrypoint, target="/usr/local/bin/docker-entrypoint.sh", read_only=True),
        Mount(
            source=IMAGES_DIRECTORY / "mariadb" / "docker-entrypoint.sh",
            target="/docker-entrypoint-of-the-image.sh",
            read_only=True,
        ),
    )
    with restoring(
        tmp_path,
        vendor="mariadb",
        fill_bytes=500_000,
        sections={"restore": {"flush_seconds": 1, "stop_timeout_seconds": 2}},
        server_options={"mounts": mounts, "restart_policy": "unless-stopped"},
    ) as bench:
        backup = bench.back_up()
        bench.change(1)
        percent = bench.server.scalar("SELECT @@GLOBAL.innodb_max_dirty_pages_pct")
        with nothing_changed(bench):
            refused = bench.restore(backup, check=False)

        assert refused.exit_code == FAILED
        assert "still runs 2 s after it was asked to stop" in refused.err
        assert "nothing of the server's data was changed" in refused.err
        assert bench.server.scalar("SELECT @@GLOBAL.innodb_max_dirty_pages_pct") == percent


def test_data_that_the_server_does_not_start_on_after_all_is_taken_back_by_itself(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    with held_before(bench, tmp_path, STAGED) as gate:
        before = bench.contents()
        run_id = begin_restore(bench, shared.backup)
        gate.wait_until_reached(60)
        [room] = rooms(bench, of_run=run_id)
        (room / "new" / "ibdata1").write_bytes(b"\xff" * (1 << 20))
        gate.open()
        run = ended(bench, run_id)

        bench.server.wait_until_ready()
        assert run["status"] == "failed"
        assert "the server runs on the data from before" in run["error"]
        assert bench.contents() == before
        assert restart_policy(bench) == "unless-stopped"
        [journal] = [journal for journal in bench.journals() if journal["id"] == run_id]
        assert journal["state"] == "rolled_back"
    again = bench.restore(shared.backup)
    assert again.exit_code == 0
    assert bench.contents() == shared.at_backup


def test_of_two_restores_at_once_the_second_is_refused_and_the_first_goes_on(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    with held_before(bench, tmp_path, UNPACKING) as gate:
        run_id = begin_restore(bench, shared.backup)
        gate.wait_until_reached()

        second = bench.restore(shared.backup, check=False)

        gate.open()
        run = ended(bench, run_id)
        assert second.exit_code == BUSY, second.out + second.err
        assert run_id in second.out + second.err
        assert run["status"] in {"success", "degraded"}
        bench.server.wait_until_ready()
        assert bench.contents() == shared.at_backup


def test_a_restore_during_a_backup_is_refused_unless_the_backup_is_to_be_cancelled(
    shared: Shared, bench: Restoring
) -> None:
    with backup_lock(bench.server) as wait_until_engine_waits:
        backup_run = bench.daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
        wait_until_engine_waits(bench.daemon)
        with nothing_changed(bench, but_files=True):
            refused = bench.restore(shared.backup, check=False)

        assert refused.exit_code == BUSY, refused.out + refused.err
        assert backup_run in refused.out + refused.err
        bench.restore(shared.backup, "--cancel-running")

    assert ended(bench, backup_run)["status"] == "cancelled"
    assert bench.contents() == shared.at_backup


@pytest.mark.parametrize("order", [(), ("--no-rehearsal",)], ids=["rehearsed", "not rehearsed"])
def test_a_backup_without_system_tables_never_takes_the_servers_place(
    shared: Shared, bench: Restoring, tmp_path: Path, order: tuple[str, ...]
) -> None:
    archive = repack(shared.archive, tmp_path, leave_out="mysql")
    initialised = bench.server.server_log().count("Initializing")
    with nothing_changed(bench):
        refused = bench.restore("--file", str(archive), *order, check=False)

    assert refused.exit_code == FAILED
    assert "mysql" in refused.err
    assert bench.server.server_log().count("Initializing") == initialised


def test_a_data_directory_that_lost_its_system_tables_is_restored_without_being_initialised(
    shared: Shared, bench: Restoring
) -> None:
    bench.server.stop()
    shutil.rmtree(bench.server.data_directory / "mysql")
    initialised = bench.server.server_log().count("Initializing")

    bench.restore(shared.backup, check=False)

    bench.server.start()
    assert bench.contents() == shared.at_backup
    assert bench.server.server_log().count("Initializing") == initialised


def test_cancelling_while_unpacking_leaves_nothing(shared: Shared, bench: Restoring, tmp_path: Path) -> None:
    with held_before(bench, tmp_path, UNPACKING) as gate, nothing_changed(bench):
        run_id = begin_restore(bench, shared.backup)
        gate.wait_until_reached()
        assert rooms(bench, of_run=run_id) != []

        cancelled = bench.daemon.ctl("cancel", run_id)
        gate.open()

        assert cancelled.exit_code == 0
        assert ended(bench, run_id)["status"] == "cancelled"


def test_a_daemon_that_is_stopped_while_unpacking_leaves_nothing_and_says_interrupted(
    shared: Shared, bench: Restoring, tmp_path: Path
) -> None:
    with held_before(bench, tmp_path, UNPACKING) as gate, nothing_changed(bench):
        run_id = begin_restore(bench, shared.backup)
        gate.wait_until_reached()

        bench.daemon.signal(signal.SIGTERM)
        time.sleep(0.5)
        gate.open()

        assert bench.daemon.wait() == 0
        assert rooms(bench, of_run=run_id) == []
        bench.daemon.environment = {}
        bench.daemon.start()
        assert the_run(bench, run_id)["status"] == "interrupted"


def test_a_slot_that_comes_due_during_a_restore_is_recorded_as_skipped_and_caught_up(tmp_path: Path) -> None:
    due = datetime.now(UTC) + timedelta(hours=1)
    schedules = {"timezone": "UTC", "daily": f"{due.minute} {due.hour} * * *"}
    with restoring(tmp_path, vendor="mariadb", fill_bytes=500_000, sections={"schedules": schedules}) as bench:
        backup = bench.back_up()
        at_backup = bench.contents()
        bench.change(1)
        daemon = bench.daemon
        daemon.stop()
        gate = Gate(tmp_path / "gate")
        held = wait_before(tmp_path / "hook", UNPACKING, gate)
        daemon.environment = held | clock_at(due.replace(second=0) - timedelta(seconds=45))
        with (tmp_path / "hook" / "sitecustomize.py").open("a") as hook:
            hook.write(SLEEP_WITHOUT_A_CLOCK)
        daemon.start()

        run_id = begin_restore(bench, backup)
        gate.wait_until_reached()
        wait_for_run(bench, operation="backup", status="skipped")
        gate.open()

        assert ended(bench, run_id)["status"] in {"success", "degraded"}
        caught_up = wait_for_run(bench, operation="backup", trigger="schedule", status="success")
        assert caught_up["started_at"] >= ended(bench, run_id)["finished_at"]
        bench.server.wait_until_ready()
        assert bench.contents() == at_backup
        with closing(sqlite3.connect(daemon.state_directory / "catalog.sqlite")) as catalog:
            assert catalog.execute("SELECT state FROM slots").fetchall() == [("served",)]


def test_a_start_that_fails_still_brings_back_a_server_that_a_restore_had_stopped(tmp_path: Path) -> None:
    """Nobody starts the daemon again before its configuration is mended: the server must not wait for that."""
    with restoring(tmp_path, vendor="mariadb", fill_bytes=500_000) as bench:
        backup = bench.back_up()
        bench.change(1)
        before, daemon, gate = bench.contents(), bench.daemon, Gate(tmp_path / "gate")
        daemon.stop()
        daemon.environment = stoppable(tmp_path / "fault")
        stop_at(tmp_path / "fault", [Stop(patterns=[f" state={State.SWAPPING}$"], gate=gate)])
        daemon.start()
        begin_restore(bench, backup, "--no-rehearsal")
        gate.wait_until_reached()
        daemon.kill()
        stop_at(tmp_path / "fault", [])
        was_down = not bench.server.is_running()
        daemon.socket.unlink(missing_ok=True)
        daemon.socket.write_text("precious")

        daemon.start(wait=False)
        assert daemon.process is not None
        exit_code = daemon.process.wait(120)

        assert was_down
        assert (exit_code, daemon.socket.read_text()) == (CONFIGURATION, "precious"), daemon.log()[-3000:]
        assert f"{daemon.socket} exists and is not a socket" in daemon.log()
        bench.server.wait_until_ready()
        assert bench.contents() == before
        daemon.socket.unlink()
        daemon.start()
        assert the_run(bench, last_run(bench)["id"])["status"] == "success"


def test_an_old_password_that_is_given_for_a_restore_is_found_nowhere(tmp_path: Path) -> None:
    secret = new_secret()
    with restoring(tmp_path, vendor="mariadb", fill_bytes=500_000) as bench:
        bench.change_password(secret)
        backup = bench.back_up()
        bench.change_password("the next one")
        given = tmp_path / "given" / "old.password"
        given.parent.mkdir()
        given.write_text(secret + "\n")
        given.chmod(0o600)

        with ProcessWatch(secret.encode()) as watch:
            result = bench.restore(backup, "--old-password-file", str(given), "--verbose", check=False)
            bench.server.root_password = secret
            bench.server.wait_until_ready()

        assert result.exit_code in {0, 8}, result.out + result.err
        assert watch.rounds > 20
        assert watch.found == set()
        assert secret not in result.out + result.err
        for command in (("status", "--json"), ("runs", "--json"), ("restore", backup, "--dry-run", "--json")):
            answer = bench.daemon.ctl(*command)
            assert secret not in answer.out + answer.err
        bench.daemon.stop()
        assert list(files_with(bench.daemon.directory, secret)) == []


FINAL = {"committed", "rolled_back", "aborted"}


@contextmanager
def held_before(bench: Restoring, tmp_path: Path, operation: str) -> Iterator[Gate]:
    """Let the daemon wait at a gate before a file operation, until the block ends."""
    gate, daemon = Gate(tmp_path / "gate"), bench.daemon
    daemon.stop()
    daemon.environment = wait_before(tmp_path / "hook", operation, gate)
    daemon.start()
    try:
        yield gate
    finally:
        gate.open()
        if daemon.is_running():
            daemon.stop()
        daemon.environment = {}
        daemon.start()


@contextmanager
def nothing_changed(bench: Restoring, *, but_files: bool = False) -> Iterator[None]:
    """Assert that a block changes nothing of the server, and leaves nothing; ``but_files``: files come and go."""
    server = bench.server

    def state() -> tuple[Any, ...]:
        server.container.reload()
        attributes = server.container.attrs
        files = () if but_files else (names(server.data_directory.parent), names(server.data_directory, dots=True))
        return (
            bench.contents(),
            attributes["Id"],
            attributes["State"]["StartedAt"],
            attributes["RestartCount"],
            restart_policy(bench),
            *files,
        )

    before = state()
    yield
    assert state() == before
    if bench.daemon.is_running():
        assert [journal for journal in bench.journals() if journal["state"] not in FINAL] == []
    if not but_files:
        assert marked_processes(bench.daemon) == {}
        assert sidecars(bench.daemon) == []
        assert bench.daemon.files_left() == []


@contextmanager
def another_container_on(directory: Path) -> Iterator[str]:
    """Run a container that has a directory of the server mounted, and yield its name."""
    name = unique_name("neighbour")
    container = shared_engine().run(
        ensure_image(MARIADB_IMAGE),
        ["infinity"],
        name=name,
        entrypoint=["sleep"],
        mounts=[Mount(source=directory, target=DATA_DIRECTORY)],
    )
    try:
        yield name
    finally:
        remove_container(container)


def names(directory: Path, *, dots: bool = False) -> list[str]:
    """Return the names in a directory, those that begin with a dot only when ``dots``."""
    return sorted(path.name for path in directory.iterdir() if path.name.startswith(".") or not dots)


def rooms(bench: Restoring, *, of_run: str) -> list[Path]:
    """Return the directories of a run beside the server's data, or in it."""
    data = bench.server.data_directory
    return [path for place in (data.parent, data) for path in place.iterdir() if of_run in path.name and path.is_dir()]


def restart_policy(bench: Restoring) -> str:
    bench.server.container.reload()
    return str(bench.server.container.attrs["HostConfig"]["RestartPolicy"]["Name"])


def begin_restore(bench: Restoring, *arguments: str) -> str:
    """Order a restore and return the id of its run at once."""
    result = bench.daemon.ctl("restore", *arguments, "--yes", "--detach", "--json")
    assert result.exit_code == 0, result.out + result.err
    return str(json.loads(result.out.splitlines()[-1])["run"]["id"])


def ended(bench: Restoring, run_id: str) -> dict[str, Any]:
    """Wait for a run's end and return it."""
    bench.daemon.wait_for("run.finished", run_id=run_id, timeout_seconds=120)
    return the_run(bench, run_id)


def the_run(bench: Restoring, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = bench.daemon.api(f"/v1/runs/{run_id}")["run"]
    return found


def last_run(bench: Restoring) -> dict[str, Any]:
    return bench.daemon.runs()[0]


def recorded(bench: Restoring) -> str:
    """Return everything that the history holds of the last run."""
    return json.dumps(bench.daemon.api(f"/v1/runs/{last_run(bench)['id']}"))


def wait_for_run(bench: Restoring, **wanted: str) -> dict[str, Any]:
    """Return the newest run that is like this, as soon as there is one."""
    limit = time.monotonic() + 90
    while True:
        for run in bench.daemon.runs():
            if wanted.items() <= run.items():
                return run
        assert time.monotonic() < limit, json.dumps(bench.daemon.runs(), indent=1)
        time.sleep(0.1)


def copy_archive(archive: Path, directory: Path, *, sha256: str | None = "") -> Path:
    """Copy an archive with its manifest, or with a checksum file instead; None: with neither."""
    copy = Path(shutil.copy2(archive, directory / archive.name))
    if sha256 == "":
        shutil.copy2(f"{archive}.sha256", f"{copy}.sha256")
        shutil.copy2(f"{archive}.json", f"{copy}.json")
    elif sha256:
        Path(f"{copy}.sha256").write_text(f"{sha256}  {copy.name}\n")
    return copy


def edit_manifest(archive: Path, edit: Any) -> None:
    path = Path(f"{archive}.json")
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def write_checksum(archive: Path) -> None:
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    Path(f"{archive}.sha256").write_text(f"{digest}  {archive.name}\n")


def repack(archive: Path, directory: Path, *, leave_out: str) -> Path:
    """Make an archive without one of the directories of another, with a checksum that fits."""
    plain = directory / "whole.tar"
    subprocess.run(["zstd", "-q", "-d", archive, "-o", plain], check=True)
    made = directory / "octeth-backup-2026-11-22_02-00-00.tar"
    with tarfile.open(plain) as source, tarfile.open(made, "w") as target:
        for member in source:
            if leave_out not in Path(member.name).parts[1:2]:
                target.addfile(member, source.extractfile(member) if member.isfile() else None)
    plain.unlink()
    write_checksum(made)
    return made


def flip_byte(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        [byte] = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 0xFF]))


def clock_at(moment: datetime) -> dict[str, str]:
    """Return the environment in which a process takes the time for another one; monotonic time goes on as it is."""
    ensure_programs()
    listed = subprocess.run(["dpkg", "-L", "libfaketime"], check=True, capture_output=True, text=True).stdout
    [library] = [line for line in listed.splitlines() if line.endswith("/libfaketime.so.1")]
    return {
        "LD_PRELOAD": library,
        "FAKETIME": f"@{moment:%Y-%m-%d %H:%M:%S}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "TZ": "UTC",
    }


def fill_up(path: Path, *, leaving_bytes: int) -> None:
    """Make a file that takes the room of its file system but for so many bytes."""
    facts = os.statvfs(path.parent)
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        os.posix_fallocate(descriptor, 0, facts.f_bavail * facts.f_frsize - leaving_bytes)
    finally:
        os.close(descriptor)
