"""engines.xtrabackup: argument vectors. (Its behaviour: tests/contracts/test_engines.py.)"""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.server import Address
from octeth_backupd.engines.base import BackupRequest
from octeth_backupd.engines.xtrabackup import XtraBackup, XtraBackupSettings, backup_arguments, prepare_arguments
from octeth_backupd.process.cancellation import Cancellation
from tests.fakes.runner import ScriptedRunner
from tests.fakes.server_facts import make_facts

IN_THE_SERVER = {
    "datadir": "/var/lib/mysql/",
    "innodb_log_group_home_dir": "./",
    "innodb_undo_directory": "./",
    "innodb_data_home_dir": "",
    "log_bin_basename": "/var/log/mysql/binlog",
    "log_bin_index": "/var/log/mysql/binlog.index",
}
ON_THE_HOST = {
    "data": "/srv/mysql",
    "redo": "/srv/mysql",
    "undo": "/srv/mysql",
    "innodb_home": "/srv/mysql",
    "binlog": "/srv/binlogs",
    "binlog_index": "/srv/binlogs/binlog.index",
}
REQUEST = BackupRequest(
    target_directory=Path("/scratch/backup"),
    option_file=Path("/run/octeth-backupd/r.cnf"),
    address=Address(host="172.17.0.2", port=3306),
    paths=ON_THE_HOST,
    parallel=4,
    open_files_limit=5000,
    lock_ddl_timeout_seconds=300,
    facts=make_facts("8.0.36", variables=IN_THE_SERVER),
)


def _in_sidecar() -> BackupRequest:
    paths = dict.fromkeys(("data", "redo", "undo", "innodb_home"), "/var/lib/mysql")
    binlogs = {"binlog": "/var/log/mysql", "binlog_index": "/var/log/mysql/binlog.index"}
    return replace(REQUEST, paths={**paths, **binlogs})


def test_whole_vector_of_a_backup_from_the_host() -> None:
    assert backup_arguments(REQUEST) == (
        "--defaults-extra-file=/run/octeth-backupd/r.cnf",
        "--backup",
        "--target-dir=/scratch/backup",
        "--datadir=/srv/mysql",
        "--host=172.17.0.2",
        "--port=3306",
        "--get-server-public-key",
        "--parallel=4",
        "--log-bin=/srv/binlogs/binlog",
        "--log-bin-index=/srv/binlogs/binlog.index",
        "--lock-ddl-timeout=300",
        "--ftwrl-wait-timeout=300",
        "--open-files-limit=5000",
        "--no-version-check",
    )


def test_where_the_paths_are_the_servers_own_only_the_data_directory_is_named() -> None:
    arguments = backup_arguments(_in_sidecar())

    named = [argument for argument in arguments if argument.startswith(("--log-bin", "--innodb", "--datadir"))]
    assert named == ["--datadir=/var/lib/mysql"]


def test_binlogs_in_a_mapped_data_directory_are_named_because_the_server_gives_an_absolute_path() -> None:
    request = replace(
        REQUEST,
        facts=make_facts(
            "8.4.3",
            variables={
                **IN_THE_SERVER,
                "log_bin_basename": "/var/lib/mysql/binlog",
                "log_bin_index": "/var/lib/mysql/binlog.index",
            },
        ),
        paths={**ON_THE_HOST, "binlog": "/srv/mysql", "binlog_index": "/srv/mysql/binlog.index"},
    )

    arguments = backup_arguments(request)

    assert "--log-bin=/srv/mysql/binlog" in arguments
    assert "--log-bin-index=/srv/mysql/binlog.index" in arguments


@pytest.mark.parametrize(
    ("role", "variable", "option"),
    [
        ("redo", "innodb_log_group_home_dir", "--innodb-log-group-home-dir"),
        ("undo", "innodb_undo_directory", "--innodb-undo-directory"),
        ("innodb_home", "innodb_data_home_dir", "--innodb-data-home-dir"),
    ],
)
def test_directory_elsewhere_is_named_by_its_path_here(role: str, variable: str, option: str) -> None:
    request = replace(
        REQUEST,
        facts=make_facts("8.4.3", variables={**IN_THE_SERVER, variable: "/elsewhere"}),
        paths={**ON_THE_HOST, role: "/srv/elsewhere"},
    )

    assert f"{option}=/srv/elsewhere" in backup_arguments(request)


def test_external_tablespace_directories_are_named_when_they_are_elsewhere_here() -> None:
    external = {"external:/ext/a": "/srv/a", "external:/ext/b": "/ext/b"}

    assert "--innodb-directories=/srv/a;/ext/b" in backup_arguments(replace(REQUEST, paths={**ON_THE_HOST, **external}))
    assert not [a for a in backup_arguments(REQUEST) if a.startswith("--innodb-directories")]


def test_socket_takes_the_place_of_host_and_port() -> None:
    arguments = backup_arguments(replace(REQUEST, address=Address(unix_socket="/run/mysqld/mysqld.sock")))

    assert "--socket=/run/mysqld/mysqld.sock" in arguments
    assert not [a for a in arguments if a.startswith(("--host", "--port", "--get-server-public-key"))]


@pytest.mark.parametrize(
    ("version", "expected"), [("8.0.36", True), ("8.3.0", True), ("8.4.3", False), ("9.7.4", False)]
)
def test_phone_home_is_switched_off_where_the_option_is_not_deprecated(version: str, expected: bool) -> None:
    arguments = backup_arguments(replace(REQUEST, facts=make_facts(version)))

    assert ("--no-version-check" in arguments) is expected


def test_server_without_binlog_needs_no_path_of_it() -> None:
    paths = {role: path for role, path in ON_THE_HOST.items() if not role.startswith("binlog")}

    arguments = backup_arguments(replace(REQUEST, paths=paths, facts=make_facts("8.4.3")))

    assert not [a for a in arguments if a.startswith("--log-bin")]


def test_prepare_names_directory_and_memory() -> None:
    assert prepare_arguments(Path("/scratch/backup"), memory_bytes=1 << 30, open_files_limit=0) == (
        "--prepare",
        "--target-dir=/scratch/backup",
        "--use-memory=1073741824",
    )


def test_extra_options_come_last_and_only_at_the_backup() -> None:
    engine = XtraBackup(XtraBackupSettings(program="/opt/xtrabackup", extra_options=("--throttle=40",)))
    runner = ScriptedRunner(["completed OK!"])

    engine.backup(REQUEST, runner, on_line=lambda _: None, cancellation=Cancellation(), timeout_seconds=60)
    engine.prepare(
        Path("/scratch/backup"),
        runner,
        memory_bytes=1,
        on_line=lambda _: None,
        cancellation=Cancellation(),
        open_files_limit=5000,
    )

    backup, prepare = runner.commands
    assert backup.program == "/opt/xtrabackup"
    assert backup.arguments[-1] == "--throttle=40"
    assert "--throttle=40" not in prepare.arguments
    assert backup.stop.signals == prepare.stop.signals == (signal.SIGTERM,)
    assert backup.open_files_limit == prepare.open_files_limit == 5000
    assert runner.timeouts == [60, 0]


def test_forbidden_extra_option_is_refused_by_the_settings() -> None:
    with pytest.raises(ValidationError, match="--target-dir"):
        XtraBackupSettings(extra_options=("--target-dir=/x",))


def test_grant_on_a_table_that_an_old_server_lacks_is_not_asked_for() -> None:
    engine = XtraBackup(XtraBackupSettings())

    old = engine.required_grants(make_facts("8.0.23"))
    new = engine.required_grants(make_facts("8.0.24"))

    assert set(new) - set(old) == {"SELECT ON performance_schema.keyring_component_status"}
