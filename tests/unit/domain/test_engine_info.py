"""The engines' text files are read strictly."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.engine_info import BinlogPosition, parse_backup_cnf, parse_binlog_info, parse_info
from octeth_backupd.errors import MetadataError
from tests.unit.domain.sample import sample


def test_info_of_mariadb_names_versions_and_lsn() -> None:
    info = parse_info(sample("mariadb_info_full"))

    assert info["server_version"] == "10.11.19-MariaDB-0+deb12u1-log"
    assert info["tool_version"] == "10.11.19-MariaDB"
    assert info["innodb_to_lsn"] == "211801005"


def test_value_may_hold_an_equals_sign() -> None:
    info = parse_info(sample("mariadb_info_full"))

    assert info["tool_command"].startswith("--defaults-file=/scratch/my.cnf --backup")


@pytest.mark.parametrize("key", ["tool_version", "server_version"])
def test_info_without_a_version_is_refused(key: str) -> None:
    text = "".join(line for line in sample("mariadb_info_full").splitlines(keepends=True) if not line.startswith(key))

    with pytest.raises(MetadataError, match=f"xtrabackup_info has no {key}"):
        parse_info(text)


def test_options_of_backup_cnf_are_read_without_quotes() -> None:
    options = parse_backup_cnf(sample("mariadb_backup_my_encrypted.cnf"))

    assert options["innodb_page_size"] == "16384"
    assert options["plugin_dir"] == "/usr/lib/mysql/plugin/"
    assert options["file_key_management_filekey"] == ""


def test_options_of_other_groups_are_passed_over() -> None:
    assert parse_backup_cnf("[client]\nuser=x\n[mysqld]\nserver_uuid=abc\n") == {"server_uuid": "abc"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("innodb_page_size=16384\n", "line 1 is 'innodb_page_size=16384'; expected a group"),
        ("# only a comment\n[mysqld]\n", "no options under [mysqld]"),
        ("", "no options under [mysqld]"),
    ],
)
def test_malformed_backup_cnf_is_refused(text: str, expected: str) -> None:
    with pytest.raises(MetadataError) as caught:
        parse_backup_cnf(text)

    assert expected in caught.value.message


def test_binlog_position_of_mariadb_is_read() -> None:
    position = parse_binlog_info(sample("mariadb_binlog_info"))

    assert position == BinlogPosition(file="binlog.000001", position=199840121, gtid="0-71-14")


def test_binlog_position_without_gtid_is_read() -> None:
    assert parse_binlog_info("mysql-bin.000007\t157\n") == BinlogPosition(file="mysql-bin.000007", position=157)


def test_gtid_set_that_spans_lines_becomes_one_line() -> None:
    position = parse_binlog_info("b.000001\t157\taaaa-1:1-5,\nbbbb-2:1-9\n")

    assert position.gtid == "aaaa-1:1-5,bbbb-2:1-9"


@pytest.mark.parametrize("text", ["", "binlog.000001", "binlog.000001 157", "binlog.000001\tx\n"])
def test_malformed_binlog_position_is_refused(text: str) -> None:
    with pytest.raises(MetadataError, match="expected binlog file, position and GTIDs"):
        parse_binlog_info(text)
