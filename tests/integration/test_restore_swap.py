"""Swaps where they happen: on mount points, on file systems that cannot exchange, under real servers, under SIGKILL."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.restore.swap import Swap, SwapMethod
from octeth_backupd.domain.server import Vendor
from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.restore.binlogs import place
from octeth_backupd.pipeline.restore.swap_planning import plan_swaps
from octeth_backupd.pipeline.restore.swapping import (
    is_swapped,
    make_rooms,
    measured,
    remove_rooms,
    swap_back,
    swap_in,
)
from octeth_backupd.process.exchange import can_exchange, is_mount_point, sync_file_system
from tests.environment.availability import require_mysql_image
from tests.environment.bind_filesystem import bind_filesystem
from tests.environment.database_containers import (
    DATA_DIRECTORY,
    DatabaseContainer,
    MariaDbContainer,
    MySqlContainer,
    unique_name,
)
from tests.environment.directory_template import copy_directory
from tests.environment.docker_engine import MYSQL_USER_ID, Mount, remove_container, shared_engine
from tests.environment.small_filesystem import small_filesystem
from tests.environment.sudden_death import SuddenDeathError, is_killed, sudden_death
from tests.fakes.swap_directories import NEW, OLD, SwapDirectories
from tests.fakes.swap_sites import site_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from octeth_backupd.domain.restore.site import Site

    Operation = Callable[[Sequence[Swap]], None]

KINDS = [(SwapMethod.EXCHANGE, "data"), (SwapMethod.ENTRIES, "data"), (SwapMethod.ENTRIES, "binlog")]
DIRECTIONS: dict[str, Operation] = {NEW: swap_in, OLD: swap_back}
MOUNTS = ["ext4", "tmpfs", "bindfs", "bind mount"]
LOGS_INSIDE = "/var/log/mysql"


@contextmanager
def mounted(kind: str, directory: Path, scratch: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        directory.mkdir(parents=True)
        if kind == "ext4":
            stack.enter_context(small_filesystem(directory, megabytes=32))
        elif kind == "bindfs":
            stack.enter_context(bind_filesystem(scratch / "behind", directory))
        else:
            what = ["-t", "tmpfs", "tmpfs"] if kind == "tmpfs" else ["--bind", str(_made(scratch / "behind"))]
            subprocess.run(["mount", *what, str(directory)], check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", str(directory)], check=True)
        yield directory


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@pytest.mark.parametrize(
    ("method", "role"), [*KINDS[:2], pytest.param(SwapMethod.ENTRIES, "binlog", marks=pytest.mark.long)]
)
@pytest.mark.parametrize("begun", [NEW, OLD])
def test_kill_before_every_change_and_before_every_change_of_the_recovery_leaves_both_ways_open(
    tmp_path: Path, method: SwapMethod, role: str, begun: str
) -> None:
    root = tmp_path / "root"
    cases = 0
    for first in itertools.count(1):
        killed = False
        for recovery, final in itertools.product(DIRECTIONS, repeat=2):
            for second in itertools.count(1):
                shutil.rmtree(root, ignore_errors=True)
                directories = SwapDirectories(root, method, role=role)
                with sudden_death(before=None):
                    directories.begin(begun)
                swaps = [directories.swap]

                killed = _is_killed(DIRECTIONS[begun], swaps, before=first)
                recovered = not _is_killed(DIRECTIONS[recovery], swaps, before=second)
                if recovered:
                    assert directories.complete() == recovery
                    directories.let_server_run()
                with sudden_death(before=None):
                    DIRECTIONS[final](swaps)

                assert directories.complete() == final
                assert is_swapped(directories.swap) is (final == NEW)
                cases += 1
                if recovered:
                    break
        if not killed:
            break
    assert cases > (20 if method is SwapMethod.EXCHANGE else 300)


def _is_killed(operation: Operation, swaps: Sequence[Swap], *, before: int) -> bool:
    return is_killed(lambda: operation(swaps), before=before)


@pytest.mark.parametrize("kind", MOUNTS)
@pytest.mark.parametrize("begun", [NEW, OLD])
def test_process_killed_on_a_mount_point_leaves_both_ways_open(tmp_path: Path, kind: str, begun: str) -> None:
    with mounted(kind, tmp_path / "mount" / "live", tmp_path) as live:
        for before, final in itertools.product(range(1, 26, 3), DIRECTIONS):
            _empty(live)
            directories = SwapDirectories(live.parent, SwapMethod.ENTRIES)
            directories.begin(begun)

            exit_code = _run_in_child(DIRECTIONS[begun], directories.swap, die_before=before)
            assert exit_code == (-signal.SIGKILL if before <= 16 else exit_code)
            DIRECTIONS[final]([directories.swap])

            assert directories.complete() == final


def _run_in_child(operation: Operation, swap: Swap, *, die_before: int) -> int | None:
    def run() -> None:
        try:
            with sudden_death(before=die_before, sync=True):
                operation([swap])
        except SuddenDeathError:
            os.kill(os.getpid(), signal.SIGKILL)

    child = multiprocessing.get_context("fork").Process(target=run)
    child.start()
    child.join(60)
    return child.exitcode


def _empty(directory: Path) -> None:
    for path in directory.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@pytest.mark.parametrize("kind", MOUNTS)
def test_mount_points_are_swapped_by_entries_and_the_plan_says_why(tmp_path: Path, kind: str) -> None:
    with mounted(kind, tmp_path / "mount" / "live", tmp_path) as live:
        (live / "ibdata1").write_text("x")

        swaps, words = plan_swaps(site_with({"data": live}), "run-1")

        assert is_mount_point(live)
        assert (swaps[0].method, swaps[0].room.parent) == (SwapMethod.ENTRIES, live)
        assert "is a mount point" in words
        assert [path.name for path in live.iterdir()] == ["ibdata1"]


@pytest.mark.parametrize(("kind", "method"), [("bindfs", SwapMethod.ENTRIES), ("ext4", SwapMethod.EXCHANGE)])
def test_directory_below_a_mount_point_is_exchanged_where_the_file_system_can(
    tmp_path: Path, kind: str, method: SwapMethod
) -> None:
    with mounted(kind, tmp_path / "mount", tmp_path) as mount:
        live = _made(mount / "data")

        swaps, _words = plan_swaps(site_with({"data": live}), "run-1")

        assert can_exchange(mount) is (method is SwapMethod.EXCHANGE)
        assert swaps[0].method is method
        assert [path.name for path in mount.iterdir()] == ["data"]


def test_read_only_file_system_is_an_error_of_the_plan(tmp_path: Path) -> None:
    with mounted("tmpfs", tmp_path / "mount", tmp_path) as mount:
        live = _made(mount / "data")
        subprocess.run(["mount", "-o", "remount,ro", str(mount)], check=True)

        with pytest.raises(StorageError, match="read-only"):
            plan_swaps(site_with({"data": live}), "run-1")


@pytest.fixture(params=[MySqlContainer, MariaDbContainer], ids=["mysql", "mariadb"])
def container_class(request: pytest.FixtureRequest) -> type[DatabaseContainer]:
    if request.param is MySqlContainer:
        require_mysql_image()
    chosen: type[DatabaseContainer] = request.param
    return chosen


@pytest.fixture
def sockets() -> Iterator[Path]:
    """Return a directory with a short path: a socket's has room for 107 bytes only."""
    with tempfile.TemporaryDirectory(prefix="octeth-", dir="/tmp") as directory:
        yield Path(directory)


@pytest.mark.parametrize("on_mount_point", [True, False], ids=["mount-point", "plain"])
def test_server_runs_and_survives_a_crash_on_either_data_set_with_the_other_one_in_the_room(
    tmp_path: Path, sockets: Path, container_class: type[DatabaseContainer], on_mount_point: bool
) -> None:
    with ExitStack() as stack:
        data, logs = tmp_path / "mysql" / "data", tmp_path / "logs"
        data.mkdir(parents=True)
        if on_mount_point:
            stack.enter_context(small_filesystem(data, megabytes=1500))
        server = container_class(
            data_directory=data, binlog_directory=logs, network_mode="none", socket_directory=sockets
        )
        stack.enter_context(server)
        restored = _prepare_two_data_sets(server, tmp_path / "backup")
        site = _site_of(server)
        planned, _words = plan_swaps(site, "run-1")
        assert [swap.method for swap in planned] == [
            SwapMethod.ENTRIES if on_mount_point else SwapMethod.EXCHANGE,
            SwapMethod.ENTRIES,
        ]
        make_rooms(planned)
        _stage(tmp_path / "backup", planned, site)
        swaps = [measured(swap) for swap in planned]

        swap_in(swaps)
        server.start()
        assert _words_in(server) == {"restored"}
        assert _gtids(server) == restored
        if server.vendor == "mysql":
            assert server.sql("SHOW BINARY LOGS")
        _write_and_crash(server)
        assert "after the restore" in _words_in(server)
        server.stop()
        swap_back(swaps)
        server.start()
        assert _words_in(server) == {"restored", "before the restore"}
        _write_and_crash(server)
        assert _words_in(server) == {"restored", "before the restore", "after the restore"}
        server.stop()
        swap_in(swaps)
        server.start()
        assert _words_in(server) == {"restored", "after the restore"}
        server.stop()
        remove_rooms(swaps)
        server.start()
        assert _words_in(server) == {"restored", "after the restore"}


def test_server_without_rights_on_the_room_starts_all_the_same(
    tmp_path: Path, sockets: Path, container_class: type[DatabaseContainer]
) -> None:
    with container_class(data_directory=tmp_path / "data", network_mode="none", socket_directory=sockets) as server:
        server.sql("CREATE DATABASE oempro")
        server.sql("CREATE TABLE oempro.words (word VARCHAR(40) PRIMARY KEY)")
        server.stop()
        image, program = server.image, server.server_program
    swap = Swap(
        role="data",
        live=tmp_path / "data",
        room=tmp_path / "data" / ".octeth-backupd-run-1",
        method=SwapMethod.ENTRIES,
    )
    make_rooms([swap])
    copy_directory(swap.live / "oempro", _made(swap.incoming / "oempro"))
    copy_directory(swap.live / "oempro", _made(swap.aside / "oempro"))
    swap.room.chmod(0o700)

    container = shared_engine().run(
        image,
        ["--no-defaults", f"--datadir={DATA_DIRECTORY}", "--skip-networking", "--pid-file=/tmp/server.pid"],
        name=unique_name("no-rights"),
        entrypoint=[program],
        user=f"{MYSQL_USER_ID}:{MYSQL_USER_ID}",
        network_mode="none",
        mounts=[Mount(source=swap.live, target=DATA_DIRECTORY)],
    )
    try:
        log = ""
        for line in container.logs(stream=True, follow=True):
            log += line.decode(errors="replace")
            if "ready for connections" in log:
                break
    finally:
        remove_container(container)
    assert "ready for connections" in log, log[-3000:]
    assert swap.room.stat().st_uid == 0


def _prepare_two_data_sets(server: DatabaseContainer, backup: Path) -> str:
    """Make a cold copy of a server's directories, then let it write on; return the copy's GTIDs."""
    server.sql("CREATE DATABASE oempro")
    server.sql("CREATE TABLE oempro.words (word VARCHAR(40) PRIMARY KEY)")
    server.sql("INSERT INTO oempro.words VALUES ('restored')")
    gtids = _gtids(server)
    server.stop()
    assert server.binlog_directory is not None
    copy_directory(server.data_directory, _made(backup))
    if server.vendor == "mysql":
        newest = max(server.binlog_directory.glob("binlog.0*"))
        shutil.copy2(newest, backup)
        (backup / "binlog.index").write_text(f"/somewhere/else/{newest.name}\n")
        (backup / "auto.cnf").unlink()
    server.start()
    server.sql("INSERT INTO oempro.words VALUES ('before the restore')")
    server.sql("FLUSH BINARY LOGS")
    server.stop()
    return gtids


def _stage(backup: Path, swaps: Sequence[Swap], site: Site) -> None:
    copy_directory(backup, swaps[0].incoming)
    swaps[0].incoming.chmod(0o750)
    os.chown(swaps[0].incoming, MYSQL_USER_ID, MYSQL_USER_ID)
    place(swaps[0].incoming, site=site, incoming_binlog=swaps[1].incoming)
    sync_file_system(swaps[0].incoming)


def _site_of(server: DatabaseContainer) -> Site:
    assert server.binlog_directory is not None
    return site_with(
        {
            "data": server.data_directory,
            "binlog": server.binlog_directory,
            "binlog_index": server.binlog_directory / "binlog.index",
        },
        vendor=Vendor(server.vendor),
        variables={
            "log_bin_basename": f"{LOGS_INSIDE}/binlog",
            "log_bin_index": f"{LOGS_INSIDE}/binlog.index",
        },
        server_paths={"data": DATA_DIRECTORY, "binlog": LOGS_INSIDE, "binlog_index": f"{LOGS_INSIDE}/binlog.index"},
        owner=Owner(user_id=MYSQL_USER_ID, group_id=MYSQL_USER_ID),
    )


def _write_and_crash(server: DatabaseContainer) -> None:
    server.sql("INSERT INTO oempro.words VALUES ('after the restore')")
    server.kill()
    server.start()


def _words_in(server: DatabaseContainer) -> set[str]:
    return {str(word) for (word,) in server.sql("SELECT word FROM oempro.words")}


def _gtids(server: DatabaseContainer) -> str:
    if server.vendor == "mariadb":
        return ""
    return str(server.scalar("SELECT @@gtid_executed"))
