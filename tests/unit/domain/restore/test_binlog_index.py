"""domain.restore.binlog_index."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.binlog_index import (
    BinlogNames,
    base_of,
    binlog_files,
    binlog_names,
    index_files,
    index_text,
    renamed,
)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, BinlogNames(base="binlog", index="binlog.index")),
        ({"log_bin_basename": "/var/log/mysql/bin"}, BinlogNames(base="bin", index="bin.index")),
        (
            {"log_bin_basename": "/var/log/mysql/bin", "log_bin_index": "/var/lib/mysql/all.idx"},
            BinlogNames(base="bin", index="all.idx"),
        ),
    ],
)
def test_names_come_from_the_servers_variables(variables: dict[str, str], expected: BinlogNames) -> None:
    assert binlog_names(variables) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], ()),
        (["ibdata1", "table.000001"], ()),
        (["binlog.000002", "binlog.000001"], ("binlog.000001", "binlog.000002")),
        (["binlog.1000000", "binlog.999999"], ("binlog.999999", "binlog.1000000")),
        (["mysql-bin.000007", "mysql-bin.index"], ("mysql-bin.000007",)),
        (["binlog.000001", "mysql-bin.000007", "mysql-bin.index"], ("binlog.000001",)),
        (["host-relay-bin.000007", "host-relay-bin.index"], ()),
        (["relay-log-group_a.000001", "relay-log-group_a.index"], ()),
    ],
)
def test_binary_logs_are_told_from_everything_else(names: list[str], expected: tuple[str, ...]) -> None:
    assert binlog_files(names, likely_base="binlog") == expected


def test_indexes_of_the_backup_and_of_the_server_are_found() -> None:
    names = ["ibdata1", "mysql-bin.index", "binlog.index", "all.idx", "relay-bin.index"]

    found = index_files(names, base="mysql-bin", server=BinlogNames(base="binlog", index="all.idx"))

    assert found == ("mysql-bin.index", "binlog.index", "all.idx")


def test_log_keeps_its_number_under_another_name() -> None:
    assert renamed("mysql-bin.000042", "binlog") == "binlog.000042"
    assert base_of("mysql-bin.000042") == "mysql-bin"


def test_index_names_the_logs_beside_itself() -> None:
    assert index_text(["binlog.000001", "binlog.000002"]) == "./binlog.000001\n./binlog.000002\n"
