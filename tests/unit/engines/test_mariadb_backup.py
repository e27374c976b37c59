"""engines.mariadb_backup: argument vectors and fit. (Its behaviour: tests/contracts/test_engines.py.)"""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.domain.server import Address, Vendor, parse_version
from octeth_backupd.engines.base import BackupRequest, EngineVersion
from octeth_backupd.engines.mariadb_backup import (
    MariaDbBackup,
    MariaDbBackupSettings,
    backup_arguments,
    mariadb_backup_fit,
    prepare_arguments,
)
from octeth_backupd.process.cancellation import Cancellation
from tests.fakes.runner import ScriptedRunner
from tests.fakes.server_facts import make_facts

REQUEST = BackupRequest(
    target_directory=Path("/scratch/backup"),
    option_file=Path("/run/octeth-backupd/r.cnf"),
    address=Address(host="127.0.0.1", port=3306),
    paths={"data": "/var/lib/mysql", "redo": "/elsewhere"},
    parallel=2,
    open_files_limit=5000,
    lock_ddl_timeout_seconds=300,
    facts=make_facts("10.11.19-MariaDB", vendor=Vendor.MARIADB),
)


def test_whole_vector_of_a_backup_names_no_path_of_the_server() -> None:
    assert backup_arguments(REQUEST) == (
        "--defaults-extra-file=/run/octeth-backupd/r.cnf",
        "--backup",
        "--target-dir=/scratch/backup",
        "--host=127.0.0.1",
        "--port=3306",
        "--parallel=2",
        "--ftwrl-wait-timeout=300",
        "--open-files-limit=5000",
    )


def test_socket_takes_the_place_of_host_and_port() -> None:
    arguments = backup_arguments(replace(REQUEST, address=Address(unix_socket="/run/mysqld/mysqld.sock")))

    assert "--socket=/run/mysqld/mysqld.sock" in arguments
    assert not [a for a in arguments if a.startswith(("--host", "--port"))]


def test_limits_of_zero_are_left_to_the_program() -> None:
    arguments = backup_arguments(replace(REQUEST, open_files_limit=0, lock_ddl_timeout_seconds=0))

    assert not [a for a in arguments if "limit" in a or "timeout" in a]


def test_prepare_names_directory_and_memory() -> None:
    assert prepare_arguments(Path("/scratch/backup"), memory_bytes=1 << 30, open_files_limit=5000) == (
        "--prepare",
        "--target-dir=/scratch/backup",
        "--use-memory=1073741824",
        "--open-files-limit=5000",
    )


def test_only_interrupt_ends_it_because_it_blocks_the_usual_signal() -> None:
    runner = ScriptedRunner(["completed OK!"])

    MariaDbBackup(MariaDbBackupSettings()).backup(
        REQUEST, runner, on_line=lambda _: None, cancellation=Cancellation(), timeout_seconds=0
    )

    assert runner.commands[0].stop.signals == (signal.SIGINT,)


@pytest.mark.parametrize(
    ("tool", "server", "status", "word"),
    [
        ("10.11.19", "10.11.18-MariaDB", CheckStatus.PASSED, ""),
        ("10.11.2", "10.11.19-MariaDB", CheckStatus.PASSED, ""),
        ("10.6.1", "10.11.19-MariaDB", CheckStatus.FAILED, "too old"),
        ("11.4.1", "10.11.19-MariaDB", CheckStatus.FAILED, "too new"),
    ],
)
def test_tool_must_be_of_the_servers_major_and_minor_version(
    tool: str, server: str, status: CheckStatus, word: str
) -> None:
    version = EngineVersion(version=parse_version(tool), text=tool)

    result = mariadb_backup_fit(version, make_facts(server, vendor=Vendor.MARIADB))

    assert result.status is status
    assert word in result.summary
    assert (result.command == "apt-get install 'mariadb-backup=1:10.11.*'") is (status is CheckStatus.FAILED)


def test_mysql_is_never_backed_up_by_mariadb_backup() -> None:
    version = EngineVersion(version=parse_version("10.11.19"), text="")

    result = mariadb_backup_fit(version, make_facts("8.4.3"))

    assert result.status is CheckStatus.FAILED
    assert "percona-xtrabackup-84" in result.command


@pytest.mark.parametrize(("server", "privilege"), [("10.11.19", "BINLOG MONITOR"), ("10.4.1", "REPLICATION CLIENT")])
def test_privilege_for_the_binlog_position_has_the_name_that_the_server_knows(server: str, privilege: str) -> None:
    grants = MariaDbBackup(MariaDbBackupSettings()).required_grants(make_facts(server, vendor=Vendor.MARIADB))

    assert privilege in grants
