"""Engines, archivers and disks that say all is well when it is not: no such backup is ever called good."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.audit_fault import wait_before
from tests.environment.availability import require_mysql_image
from tests.environment.daemon import Daemon
from tests.environment.database_containers import MySqlContainer
from tests.environment.gate import Gate
from tests.environment.standin import install_lying_mariadb_backup, install_standin
from tests.faults.conftest import plain_table, write_password
from tests.standins.lies import Lie

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.environment.plain_mariadb import PlainMariaDb

TAR = shutil.which("tar") or ""

ZSTD_DESCRIPTOR_OFFSET = 4
ZSTD_UNUSED_BIT = 0x10
"""A bit of a frame's header that no decoder looks at (RFC 8878, 3.1.1.1.1.3)."""

MARIADB_LIES = {
    Lie.WITHOUT_REDO: "redo_present",
    Lie.ERROR_LINE: "no_error_line",
    Lie.NO_COMPLETED_OK: "completed_ok",
    Lie.EXIT_1: "exit_code",
    Lie.CHECKPOINTS_MISSING: "metadata_files",
    Lie.METADATA_MISSING: "metadata_files",
    Lie.CUT: "tablespaces_present",
    Lie.ZEROS: "tablespaces_present",
    Lie.OMIT_TABLESPACE: "tablespaces_present",
    Lie.UNPREPARED: "checkpoints_prepared",
    Lie.PREPARE_EXIT_1: "exit_code",
}
MYSQL_LIES = {
    Lie.OTHER_SERVER: "server_uuid",
    Lie.METADATA_MISSING: "metadata_files",
    Lie.WITHOUT_REDO: "redo_present",
    Lie.UNPREPARED: "checkpoints_prepared",
}
TAR_LIES = {
    "ends with 2 after writing everything": (f'{TAR} "$@"; exit 2', "archive_pipe"),
    "cuts the stream": (f'{TAR} "$@" | head -c 1000000; exit 0', "archive_written"),
    "leaves a file out": (f'exec {TAR} --exclude=subscribers_1.ibd "$@"', "archive_written"),
    "puts another file in": (
        "for argument; do case $argument in --directory=*) parent=${argument#*=} ;; esac; done\n"
        f'echo stranger >"$parent/$argument/stranger"; exec {TAR} "$@"',
        "archive_listing",
    ),
}


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Gate:
    """Return the gate that the daemon comes to before it reads an archive back; open unless a test closes it."""
    gate = Gate(tmp_path_factory.mktemp("gate"))
    gate.open()
    return gate


@pytest.fixture(scope="module")
def daemon(plain_server: PlainMariaDb, tmp_path_factory: pytest.TempPathFactory, gate: Gate) -> Iterator[Daemon]:
    """Yield a daemon with one good backup."""
    base = tmp_path_factory.mktemp("lies")
    made = Daemon(
        directory=base / "daemon",
        servers={"oempro": plain_table(plain_server, base)},
        path_first=[base / "bin"],
        environment=wait_before(base / "fault", r"^open \S+[.]tar[.]zst[.]partial rb? ", gate),
    )
    with made as running:
        assert running.backup().exit_code == 0
        yield running


@pytest.fixture
def programs(daemon: Daemon) -> Iterator[Path]:
    """Yield the directory whose programs come before the real ones, and empty it afterwards."""
    directory = daemon.directory.parent / "bin"
    directory.mkdir(exist_ok=True)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize("lie", MARIADB_LIES)
def test_a_lying_mariadb_backup_is_found_out(daemon: Daemon, programs: Path, lie: Lie) -> None:
    install_lying_mariadb_backup(programs, lie=lie)

    assert_found_out(daemon, MARIADB_LIES[lie])


@pytest.mark.parametrize("lie", TAR_LIES)
def test_a_lying_tar_is_found_out(daemon: Daemon, programs: Path, lie: str) -> None:
    script, check = TAR_LIES[lie]
    install(programs / "tar", script)

    assert_found_out(daemon, check)


def test_a_disk_that_changes_a_bit_of_the_archive_is_found_out(daemon: Daemon, gate: Gate) -> None:
    before = stored(daemon)
    gate.close()
    run_id = daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
    gate.wait_until_reached()
    [partial] = daemon.backup_directory.rglob("*.tar.zst.partial")
    with partial.open("r+b") as archive:
        archive.seek(-1, 2)
        last = archive.read(1)[0]
        archive.seek(-1, 2)
        archive.write(bytes([last ^ 1]))

    gate.open()

    daemon.wait_for("run.finished", run_id=run_id)
    run = daemon.runs()[0]
    assert (run["status"], run["error_code"]) == ("failed", "verification_failed")
    assert "damaged" in run["error"] or "archive_hash" in run["error"]
    assert stored(daemon) == before


def test_a_listing_that_is_right_does_not_hide_a_checksum_that_is_wrong(daemon: Daemon, gate: Gate) -> None:
    gate.close()
    run_id = daemon.ctl("backup", "--detach", "--json").json["run"]["id"]
    gate.wait_until_reached()
    [partial] = daemon.backup_directory.rglob("*.tar.zst.partial")
    with partial.open("r+b") as archive:
        archive.seek(ZSTD_DESCRIPTOR_OFFSET)
        descriptor = archive.read(1)[0]
        archive.seek(ZSTD_DESCRIPTOR_OFFSET)
        archive.write(bytes([descriptor ^ ZSTD_UNUSED_BIT]))

    gate.open()

    daemon.wait_for("run.finished", run_id=run_id)
    run = daemon.runs()[0]
    assert (run["status"], run["error_code"]) == ("failed", "verification_failed")
    assert "archive_hash" in run["error"]
    assert daemon.files_left() == []


def test_a_backup_of_a_server_that_suddenly_grew_is_kept_but_suspect_and_not_the_latest(
    daemon: Daemon, plain_server: PlainMariaDb
) -> None:
    good = latest_good(daemon)
    plain_server.sql("CREATE TABLE oempro.sudden (id INT PRIMARY KEY AUTO_INCREMENT, body LONGBLOB) ENGINE=InnoDB")
    plain_server.sql("INSERT INTO oempro.sudden (body) SELECT REPEAT('x', 1000000) FROM seq_1_to_80", database="oempro")
    try:
        result = daemon.backup()
    finally:
        plain_server.sql("DROP TABLE oempro.sudden")

    newest = daemon.backups()[0]
    assert result.exit_code == 9, result.err
    assert result.out.splitlines()[-1].startswith(f"backup {newest['id']} is SUSPECT: ")
    assert newest["status"] == "suspect"
    assert "last good backup" in newest["suspect"]
    warnings = [entry["message"] for entry in daemon.log_lines("run.warning")]
    assert any(message.startswith("size_as_before: ") for message in warnings)
    assert latest_good(daemon) == good
    assert daemon.archive(newest).exists()


@pytest.fixture(scope="module")
def mysql_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Yield a daemon beside MySQL 9 in a container, with one good backup by the stand-in for XtraBackup."""
    require_mysql_image()
    base = tmp_path_factory.mktemp("mysql")
    install_standin(base / "bin")
    with MySqlContainer(data_directory=base / "data") as server:
        server.fill(2_000_000)
        table = {"container": server.name, "password_file": str(write_password(server, base))}
        made = Daemon(directory=base / "daemon", servers={"oempro": table}, path_first=[base / "bin"])
        with made as running:
            result = running.backup()
            assert result.exit_code == 0, result.err
            yield running


@pytest.mark.parametrize("lie", MYSQL_LIES)
def test_a_lying_xtrabackup_is_found_out(mysql_daemon: Daemon, lie: Lie) -> None:
    install_standin(mysql_daemon.directory.parent / "bin", lie=lie)

    assert_found_out(mysql_daemon, MYSQL_LIES[lie])


def assert_found_out(daemon: Daemon, check: str) -> None:
    """Assert that the next backup fails by this check, leaves nothing, and touches nothing that was there."""
    before, latest = stored(daemon), latest_good(daemon)

    result = daemon.backup()

    run = daemon.runs()[0]
    assert result.exit_code == 1, result.out + result.err
    assert run["status"] == "failed", run
    assert run["error_code"] == "verification_failed", run
    assert check in run["error"], run["error"]
    assert run["error"] in result.err
    assert run["backup_id"] is None
    assert stored(daemon) == before
    assert daemon.files_left() == []
    assert latest_good(daemon) == latest


def latest_good(daemon: Daemon) -> dict[str, Any]:
    found: dict[str, Any] = daemon.api("/v1/backups/latest")["backup"]
    return found


def stored(daemon: Daemon) -> dict[str, tuple[int, int]]:
    """Return size and time of every file in the backup directory."""
    files = (path for path in daemon.backup_directory.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def install(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
