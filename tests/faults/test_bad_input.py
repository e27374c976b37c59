"""What is wrong around a daemon: each is refused with its cause and what to do, and nothing is harmed by it."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from tests.environment.availability import require_mysql_image
from tests.environment.backup_lock import backup_lock
from tests.environment.daemon import CtlResult, Daemon
from tests.environment.database_containers import DatabaseContainer, MariaDbContainer, MySqlContainer, unique_name
from tests.environment.plain_mariadb import BACKUP_PROGRAM, PlainMariaDb
from tests.environment.standin import install_standin
from tests.faults.conftest import plain_table, write_password

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.conftest import MakeDaemon

FAILED, NOT_FOUND = 1, 4
ABSENT = "octeth-test-that-is-not-there"
FEW_GRANTS_PASSWORD = "a few grants"


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariaDbContainer]:
    with MariaDbContainer(
        data_directory=tmp_path_factory.mktemp("container") / "data", name=unique_name("input")
    ) as server:
        server.create_ledger()
        yield server


@pytest.fixture(scope="module")
def daemon(
    plain_server: PlainMariaDb, container: MariaDbContainer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    """Yield one daemon with many servers, all but two of them configured wrongly; two backups are there."""
    base = tmp_path_factory.mktemp("input")
    good = plain_table(plain_server, base)
    plain_server.sql(f"CREATE USER backup@localhost IDENTIFIED BY '{FEW_GRANTS_PASSWORD}'")
    plain_server.sql("GRANT RELOAD, PROCESS ON *.* TO backup@localhost")
    plain_server.sql("CREATE USER nobody@localhost IDENTIFIED BY 'nothing'")
    with PlainMariaDb(directory=base / "other") as other:
        other.create_ledger()
    servers: dict[str, dict[str, Any]] = {
        "good": good,
        "wrong-password": {"socket": another_path(plain_server), "password": "not the password"},
        "few-grants": {"socket": another_path(plain_server), "user": "backup", "password": FEW_GRANTS_PASSWORD},
        "no-grants": {"socket": another_path(plain_server), "user": "nobody", "password": "nothing"},
        "other-data": {
            **good,
            "socket": another_path(plain_server),
            "data_directory": str(other.data_directory),
        },
        "silent": {**good, "socket": str(base / "nobody.sock")},
        "absent": {"container": ABSENT, "password": "unused"},
        "container": {"container": container.name, "password_file": str(write_password(container, base / "c"))},
    }
    with Daemon(directory=base / "daemon", servers=servers, path_first=[base / "bin"]) as running:
        for _ in range(2):
            result = running.backup("--server", "good")
            assert result.exit_code == 0, result.err
        yield running


def another_path(server: PlainMariaDb) -> str:
    """Return a path to a server's socket that no other does: one server cannot be configured twice."""
    link = server.socket.with_name(f"{secrets.token_hex(4)}.sock")
    link.symlink_to(server.socket)
    return str(link)


@pytest.fixture
def programs(daemon: Daemon) -> Iterator[Path]:
    directory = daemon.directory.parent / "bin"
    directory.mkdir()
    yield directory
    shutil.rmtree(directory)


def test_a_wrong_password_is_said_and_not_tried_again(daemon: Daemon, plain_server: PlainMariaDb) -> None:
    before = refused_logins(plain_server)

    run = failed_backup(daemon, "wrong-password")

    assert "login: the server at" in run["error"]
    assert "refused user 'root'" in run["error"]
    assert "password_file" in run["hint"]
    assert "mysql --socket=" in run["hint"]
    assert refused_logins(plain_server) == before + 1
    assert "not the password" not in daemon.log()


def test_a_missing_grant_is_named_with_the_statement_that_helps(daemon: Daemon, plain_server: PlainMariaDb) -> None:
    run = failed_backup(daemon, "few-grants")

    assert "grants: " in run["error"]
    assert "lacks BINLOG MONITOR" in run["error"]
    [statement] = re.findall(r"GRANT BINLOG MONITOR ON \*\.\* TO [^;]+", run["hint"])
    plain_server.sql(statement)
    assert daemon.backup("--server", "few-grants").exit_code == 0


def test_an_account_without_any_grant_is_told_all_at_once(daemon: Daemon) -> None:
    run = failed_backup(daemon, "no-grants")

    text = run["error"] + run["hint"]
    for privilege in ("RELOAD", "PROCESS", "BINLOG MONITOR"):
        assert privilege in text


def test_a_data_directory_that_is_not_the_one_that_was_found_is_refused(daemon: Daemon) -> None:
    run = failed_backup(daemon, "other-data")

    assert "paths_mapped: data_directory is configured as" in run["error"]
    assert "Remove data_directory" in run["hint"]


def test_the_data_directory_of_another_mariadb_is_refused(
    make_daemon: MakeDaemon, container: MariaDbContainer, tmp_path: Path
) -> None:
    with PlainMariaDb(directory=tmp_path / "other") as other:
        other.fill(100_000)
    daemon = make_daemon(server=by_address(container, tmp_path, data_directory=other.data_directory))
    daemon.start()

    run = failed_backup(daemon)

    assert "identity: " in run["error"]
    assert str(other.data_directory) in run["error"]


def test_a_server_that_does_not_answer_is_refused(daemon: Daemon) -> None:
    run = failed_backup(daemon, "silent")

    assert "login: no server answers at" in run["error"]


def test_a_container_that_is_absent_is_named_with_those_that_run(daemon: Daemon, container: MariaDbContainer) -> None:
    run = failed_backup(daemon, "absent")

    assert f"container: container {ABSENT} of server absent does not exist" in run["error"]
    assert container.name in run["hint"]


def test_a_container_that_is_stopped_is_refused_until_it_runs(daemon: Daemon, container: MariaDbContainer) -> None:
    container.stop()
    try:
        run = failed_backup(daemon, "container")
    finally:
        container.start()

    assert f"container {container.name} is exited, not running" in run["error"]
    assert f"docker start {container.name}" in run["hint"]
    assert daemon.backup("--server", "container").exit_code == 0


def test_a_container_that_is_paused_is_refused_and_never_waited_for(
    daemon: Daemon, container: MariaDbContainer
) -> None:
    began = time.monotonic()
    container.pause()
    try:
        run = failed_backup(daemon, "container")
    finally:
        container.unpause()

    assert f"container {container.name} is paused" in run["error"]
    assert f"docker unpause {container.name}" in run["hint"]
    assert time.monotonic() - began < 15


def test_a_container_that_was_renamed_is_named_in_the_hint(daemon: Daemon, container: MariaDbContainer) -> None:
    name, renamed = container.name, unique_name("renamed")
    container.rename(renamed)
    try:
        run = failed_backup(daemon, "container")
    finally:
        container.rename(name)

    assert f"container {name} of server container does not exist" in run["error"]
    assert renamed in run["hint"]


def test_a_container_that_is_recreated_mid_run_fails_the_run_and_the_next_finds_the_new_one(
    daemon: Daemon, container: MariaDbContainer
) -> None:
    with backup_lock(container) as wait_until_engine_waits:
        run_id = daemon.ctl("backup", "--server", "container", "--detach", "--json").json["run"]["id"]
        wait_until_engine_waits(daemon)
        container.remove()
    container.start()

    daemon.wait_for("run.finished", run_id=run_id)

    run = daemon.api(f"/v1/runs/{run_id}")["run"]
    assert (run["status"], run["error_code"]) == ("failed", "server_unreachable")
    assert f"the server was lost during the backup: container {container.name}" in run["error"]
    assert daemon.files_left() == []
    assert daemon.backup("--server", "container").exit_code == 0


@pytest.mark.parametrize(("version", "age"), [("10.6.1", "old"), ("11.4.2", "new")])
def test_an_engine_of_another_series_is_refused_with_the_package_to_install(
    daemon: Daemon, programs: Path, version: str, age: str
) -> None:
    wrapper = programs / "mariadb-backup"
    wrapper.write_text(
        f"#!/bin/sh\necho 'mariadb-backup based on MariaDB server {version}-MariaDB debian-linux-gnu (x86_64)' >&2\n"
    )
    wrapper.chmod(0o755)

    run = failed_backup(daemon, "good")

    assert f"engine_fit: mariadb-backup is too {age} for this server" in run["error"]
    assert "apt-get install 'mariadb-backup=1:10.11.*'" in run["hint"]


@pytest.mark.parametrize("command", ["show", "verify"])
@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("no-such-backup", ["no-such-backup"]),
        ("good", ["several", "more than one", "ambiguous", "fits"]),
        ("../../../etc/passwd", ["etc/passwd"]),
        ("..", [".."]),
        ("", []),
    ],
)
def test_an_id_that_names_no_backup_is_refused(daemon: Daemon, command: str, part: str, words: list[str]) -> None:
    result = daemon.ctl(command, part)

    assert_refused(result, words)


@pytest.mark.parametrize("command", ["cancel", "watch"])
@pytest.mark.parametrize("part", ["no-such-run", "20", "../catalog.sqlite", ".."])
def test_an_id_that_names_no_run_is_refused(daemon: Daemon, command: str, part: str) -> None:
    result = daemon.ctl(command, part)

    assert_refused(result, [])


def test_an_ambiguous_id_lists_what_it_fits(daemon: Daemon) -> None:
    result = daemon.ctl("show", "good")

    assert result.exit_code == NOT_FOUND
    for backup in daemon.backups():
        if backup["server"] == "good":
            assert backup["id"] in result.err


def test_without_any_program_every_one_that_is_missing_is_named_at_once(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    (tmp_path / "nothing").mkdir()
    daemon = make_daemon(environment={"PATH": str(tmp_path / "nothing")})
    daemon.start()

    run = failed_backup(daemon)

    assert "tools: tar is not installed" in run["error"]
    assert "engine_fit: mariadb-backup is not installed" in run["error"]
    assert "apt-get install tar" in run["hint"]
    assert "apt-get install mariadb-backup" in run["hint"]


def test_tar_alone_may_be_missing(make_daemon: MakeDaemon, tmp_path: Path) -> None:
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "mariadb-backup").symlink_to(BACKUP_PROGRAM)
    daemon = make_daemon(environment={"PATH": str(tmp_path / "only")})
    daemon.start()

    run = failed_backup(daemon)

    assert run["error"] == "tools: tar is not installed"


def test_a_docker_socket_that_is_missing_or_forbidden_is_said_each_in_its_own_words(
    make_daemon: MakeDaemon, tmp_path: Path
) -> None:
    daemon = make_daemon(
        server={"container": ABSENT, "password": "unused"},
        sections={"docker": {"host": f"unix://{tmp_path}/docker.sock"}},
    )
    daemon.command_prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
    daemon.start()

    run = failed_backup(daemon)

    assert f"docker: there is no Docker engine at unix://{tmp_path}/docker.sock" in run["error"]
    assert "systemctl start docker" in run["hint"]
    with closing(socket.socket(socket.AF_UNIX)) as engine:
        engine.bind(str(tmp_path / "docker.sock"))
        engine.listen()
        os.chown(tmp_path / "docker.sock", 65534, 65534)
        (tmp_path / "docker.sock").chmod(0o600)
        run = failed_backup(daemon)
    assert f"docker: access to the Docker engine at unix://{tmp_path}/docker.sock is denied" in run["error"]
    assert "group that owns the socket" in run["hint"]


@pytest.mark.parametrize("damage", ["not a database", "cut in half", "empty", "newer"])
def test_a_catalog_that_cannot_be_used_stops_the_start_and_is_left_as_it_is(
    make_daemon: MakeDaemon, state_with_a_due_slot: Path, damage: str
) -> None:
    daemon = make_daemon()
    daemon.state_directory.mkdir(mode=0o700)
    catalog = daemon.state_directory / "catalog.sqlite"
    shutil.copy2(state_with_a_due_slot, catalog)
    damage_catalog(catalog, damage)
    before = catalog.read_bytes()

    daemon.start(wait=False)

    assert daemon.wait() == FAILED
    expected = "is from a newer release" if damage == "newer" else "is damaged"
    assert f"octeth-backupd: the catalog {catalog} {expected}" in daemon.log()
    assert "Traceback" not in daemon.log()
    assert catalog.read_bytes() == before
    assert not daemon.socket.exists()


def damage_catalog(catalog: Path, damage: str) -> None:
    content = catalog.read_bytes()
    match damage:
        case "not a database":
            catalog.write_bytes(b"These are not the rows you are looking for.\n" * 1000)
        case "cut in half":
            catalog.write_bytes(content[: len(content) // 2])
        case "empty":
            catalog.write_bytes(b"")
        case _:
            with closing(sqlite3.connect(catalog)) as connection, connection:
                connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
            assert not catalog.with_name("catalog.sqlite-wal").exists()


@pytest.fixture(scope="module")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MySqlContainer]:
    require_mysql_image()
    with MySqlContainer(data_directory=tmp_path_factory.mktemp("mysql") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def mysql_daemon(mysql: MySqlContainer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    base = tmp_path_factory.mktemp("mysql-daemon")
    table = {"container": mysql.name, "password_file": str(write_password(mysql, base))}
    with Daemon(directory=base / "daemon", servers={"good": table}, path_first=[base / "bin"]) as running:
        yield running


def test_the_data_directory_of_another_mysql_is_refused(
    make_daemon: MakeDaemon, mysql: MySqlContainer, tmp_path: Path
) -> None:
    install_standin(tmp_path / "bin")
    with MySqlContainer(data_directory=tmp_path / "other") as other:
        other.stop()
    daemon = make_daemon(server=by_address(mysql, tmp_path, data_directory=other.data_directory))
    daemon.start()

    run = failed_backup(daemon)

    assert "identity: " in run["error"]
    assert "belongs to another server: its auto.cnf says" in run["error"]


@pytest.mark.parametrize(("version", "age"), [("8.4.0-1", "old"), ("99.1.0-1", "new")])
def test_an_xtrabackup_of_another_series_is_refused(mysql_daemon: Daemon, version: str, age: str) -> None:
    install_standin(mysql_daemon.directory.parent / "bin", version=version)

    run = failed_backup(mysql_daemon, "good")

    assert f"engine_fit: XtraBackup is too {age} for this server: XtraBackup {version.split('-')[0]}" in run["error"]


def test_an_xtrabackup_that_is_not_there_is_named_with_its_package(mysql_daemon: Daemon) -> None:
    (mysql_daemon.directory.parent / "bin" / "xtrabackup").unlink(missing_ok=True)

    run = failed_backup(mysql_daemon, "good")

    assert "engine_fit: xtrabackup is not installed" in run["error"]
    assert "percona-xtrabackup-84 for MySQL 8.4" in run["hint"]


def failed_backup(daemon: Daemon, server: str = "") -> dict[str, Any]:
    """Take a backup that must fail before anything was done; return its run."""
    backups = daemon.backups()

    result = daemon.backup(*(["--server", server] if server else []))

    run = daemon.runs()[0]
    assert (result.exit_code, run["status"], run["error_code"]) == (FAILED, "failed", "preflight_failed"), run
    assert run["error"] in result.err
    assert run["hint"] in result.err
    assert run["hint"]
    assert daemon.backups() == backups
    assert daemon.files_left() == []
    return run


def by_address(server: DatabaseContainer, directory: Path, *, data_directory: Path) -> dict[str, Any]:
    """Return the configuration of a server of which the daemon only knows an address and is told the wrong files."""
    return {
        "address": server.address,
        "password_file": str(write_password(server, directory)),
        "data_directory": str(data_directory),
    }


def refused_logins(server: PlainMariaDb) -> int:
    return int(server.sql("SHOW GLOBAL STATUS LIKE 'Access_denied_errors'")[0][1])


def assert_refused(result: CtlResult, words: list[str]) -> None:
    assert result.exit_code in {2, NOT_FOUND}, result.out + result.err
    assert result.err.startswith("octeth-backupctl: ")
    assert "Traceback" not in result.err
    assert not words or any(word in result.err for word in words), result.err
