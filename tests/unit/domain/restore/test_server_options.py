"""A server's options where it cannot be asked."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.server_options import path_variables, read_options, server_command
from octeth_backupd.domain.server import Vendor

MYSQL, MARIADB = Vendor.MYSQL, Vendor.MARIADB


@pytest.mark.parametrize(
    ("entrypoint", "command", "vendor", "expected"),
    [
        (["docker-entrypoint.sh"], ["mysqld", "--port=1"], MYSQL, ("mysqld", "--port=1")),
        (["docker-entrypoint.sh"], ["--port=1"], MARIADB, ("mariadbd", "--port=1")),
        (["docker-entrypoint.sh"], [], MYSQL, ("mysqld",)),
        ([], ["/usr/sbin/mysqld", "--port=1"], MYSQL, ("/usr/sbin/mysqld", "--port=1")),
        (["/usr/sbin/mysqld"], ["--port=1"], MYSQL, ("/usr/sbin/mysqld", "--port=1")),
    ],
)
def test_the_command_is_the_servers_without_an_entrypoint_script(
    entrypoint: list[str], command: list[str], vendor: Vendor, expected: tuple[str, ...]
) -> None:
    assert server_command(entrypoint, command, vendor) == expected


def test_the_last_of_an_option_counts_however_it_is_spelled() -> None:
    options = read_options(["--log-bin=a", "--loose-log_bin=b", "--Port=1", "mysqld", "--skip-name-resolve", "-h/data"])

    assert options == {"log_bin": "b", "port": "1", "skip_name_resolve": "", "datadir": "/data"}


@pytest.mark.parametrize("off", ["--skip-log-bin", "--disable-log-bin"])
def test_binary_logs_that_are_switched_off_are_off(off: str) -> None:
    variables = path_variables(read_options(["--log-bin=x", off]), {}, MYSQL)

    assert (variables["log_bin"], variables["log_bin_basename"]) == ("OFF", "")


@pytest.mark.parametrize(("vendor", "expected"), [(MYSQL, "ON"), (Vendor.PERCONA, "ON"), (MARIADB, "OFF")])
def test_binary_logs_are_written_as_the_vendor_does_by_default(vendor: Vendor, expected: str) -> None:
    assert path_variables({}, {}, vendor)["log_bin"] == expected


@pytest.mark.parametrize(
    ("option", "basename", "index"),
    [
        ("/var/log/mysql/binlog", "/var/log/mysql/binlog", "/var/log/mysql/binlog.index"),
        ("binlog.log", "/data/binlog", "/data/binlog.index"),
        ("", "/data/binlog", "/data/binlog.index"),
    ],
)
def test_binary_logs_have_an_absolute_base_name_without_extension(option: str, basename: str, index: str) -> None:
    variables = path_variables({"datadir": "/data", "log_bin": option}, {}, MARIADB)

    assert (variables["log_bin_basename"], variables["log_bin_index"]) == (basename, index)


def test_an_index_may_be_elsewhere() -> None:
    variables = path_variables({"datadir": "/data/", "log_bin": "b", "log_bin_index": "/i/x.index"}, {}, MYSQL)

    assert variables["log_bin_index"] == "/i/x.index"


def test_an_option_of_now_beats_what_is_remembered_and_what_is_gone_is_forgotten() -> None:
    remembered = {"datadir": "/built/in/", "innodb_undo_directory": "/undo", "log_bin_basename": "/old/x"}

    variables = path_variables({"log_bin": "/new/y"}, remembered, MYSQL)

    assert variables["datadir"] == "/built/in/"
    assert variables["innodb_undo_directory"] == "./"
    assert variables["log_bin_basename"] == "/new/y"
