"""Disks that are too small, fill up, or cannot be written."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.environment.gate import Gate, install_gated_program
from tests.environment.plain_mariadb import BACKUP_PROGRAM, PlainMariaDb
from tests.environment.small_filesystem import small_filesystem
from tests.environment.standin import install_lying_mariadb_backup
from tests.faults.conftest import plain_table
from tests.standins.lies import Lie

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.conftest import MakeDaemon

MIB = 1 << 20
RESERVE_BYTES = 100 * MIB


def test_too_little_space_is_refused_before_anything_is_done_with_the_numbers(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    with small_filesystem(tmp_path / "small", megabytes=40) as small:
        daemon = make_daemon(sections={"local": {"directory": str(small / "backups")}})
        daemon.start()

        result = daemon.backup()

        [run] = daemon.runs()
        assert (result.exit_code, run["status"], run["error_code"]) == (1, "failed", "preflight_failed")
        assert f"space: workspace and backups on {small}/backups/.workspace" in run["error"]
        for number in ("needed", "free", "too little", "must stay free"):
            assert number in run["error"]
        assert f"df -h {small}/backups" in run["hint"]
        assert [step["name"] for step in daemon.steps(run["id"])] == ["preflight"]
        assert not [path for path in (small / "backups").rglob("*") if path.is_file()]
        daemon.stop()


def test_running_out_of_space_ends_the_run_before_the_reserve_is_used_up(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    install_slowly_filling_engine(tmp_path / "bin" / "mariadb-backup", megabytes_per_second=40)
    with small_filesystem(tmp_path / "small", megabytes=400) as small, lowest_free_space(small) as lowest:
        daemon = make_daemon(
            sections={
                "local": {"directory": str(small / "backups")},
                "backup": {"min_free": f"{RESERVE_BYTES // MIB} MiB"},
            }
        )
        daemon.start()

        result = daemon.backup()

        [run] = daemon.runs()
        assert (result.exit_code, run["status"], run["error_code"]) == (1, "failed", "no_space")
        assert "stopped before the disk was full" in run["error"]
        assert "100.0 MiB must stay free" in run["error"]
        assert lowest.bytes > 0.2 * RESERVE_BYTES, "the guard looks each second and the engine writes 40 MiB in one"
        assert lowest.bytes < RESERVE_BYTES, "the engine never came near the reserve: this test proves nothing"
        assert not list((small / "backups" / ".workspace").iterdir())
        assert free(small) > 300 * MIB
        daemon.stop()


def test_a_disk_that_fills_faster_than_the_guard_looks_fails_the_run_and_is_emptied(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    install_lying_mariadb_backup(tmp_path / "bin", lie=Lie.FILL_DISK)
    with small_filesystem(tmp_path / "small", megabytes=160) as small:
        daemon = make_daemon(sections={"local": {"directory": str(small / "backups")}})
        daemon.start()

        result = daemon.backup()

        [run] = daemon.runs()
        assert (result.exit_code, run["status"]) == (1, "failed")
        assert run["error_code"] in {"no_space", "verification_failed"}
        assert "No space left on device" in run["error"] or "stopped before the disk was full" in run["error"]
        assert not list((small / "backups" / ".workspace").iterdir())
        (tmp_path / "bin" / "mariadb-backup").unlink()
        assert daemon.backup().exit_code == 0, "there is room again"
        daemon.stop()


def test_the_servers_own_disk_keeps_its_reserve_when_a_neighbour_fills_it(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    gate = Gate(tmp_path / "gate")
    install_gated_program(
        tmp_path / "bin" / "mariadb-backup", BACKUP_PROGRAM, argument="--backup", gate=gate, when="before"
    )
    with (
        small_filesystem(tmp_path / "small", megabytes=240) as small,
        PlainMariaDb(directory=small / "server") as server,
    ):
        server.create_ledger()
        daemon = make_daemon(server=plain_table(server, tmp_path))
        daemon.start()
        run_id = daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
        gate.wait_until_reached()

        os.posix_fallocate(os.open(small / "neighbour", os.O_CREAT | os.O_WRONLY), 0, free(small) - 8 * MIB)

        finished = daemon.wait_for("run.finished", run_id=run_id)
        assert (finished["status"], finished["error_code"]) == ("failed", "no_space")
        assert f"{small}/server/data (server)" in finished["error"]
        assert daemon.files_left() == []
        daemon.stop()


def test_a_backup_directory_that_is_read_only_is_named_and_left_alone(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    with small_filesystem(tmp_path / "small", megabytes=160) as small:
        daemon = make_daemon(sections={"local": {"directory": str(small / "backups")}})
        daemon.start()
        assert daemon.backup().exit_code == 0
        subprocess.run(["mount", "-o", "remount,ro", small], check=True)

        result = daemon.backup()

        run = daemon.runs()[0]
        assert (result.exit_code, run["status"], run["error_code"]) == (1, "failed", "preflight_failed")
        assert "storage_writable: " in run["error"]
        assert "workspace_writable: " in run["error"]
        assert "read-only" in run["error"].lower()
        assert daemon.ctl("verify", "latest").exit_code == 0, "what is there can still be read"
        daemon.stop()


def install_slowly_filling_engine(path: Path, *, megabytes_per_second: int) -> None:
    """Write an engine whose backup never ends and grows at a steady rate."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"""#!/bin/sh
case " $* " in *" --backup "*) ;; *) exec {BACKUP_PROGRAM} "$@" ;; esac
for argument; do case $argument in --target-dir=*) target=${{argument#--target-dir=}} ;; esac; done
mkdir "$target"
while head -c {megabytes_per_second * MIB // 10} /dev/zero >>"$target/ibdata1"; do sleep 0.1; done
exit 1
"""
    )
    path.chmod(0o755)


class Lowest:
    """The least free space that was seen."""

    bytes: int = 1 << 62


@contextmanager
def lowest_free_space(path: Path) -> Iterator[Lowest]:
    """Look at a file system all the time."""
    lowest, over = Lowest(), threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            lowest.bytes = min(lowest.bytes, free(path))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield lowest
    finally:
        over.set()
        thread.join()


def free(path: Path) -> int:
    facts = os.statvfs(path)
    return facts.f_bavail * facts.f_frsize
