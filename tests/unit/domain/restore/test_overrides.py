"""Options of a rehearsal: what is given, in which order, and what proves each."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from octeth_backupd.domain.restore.overrides import (
    Override,
    Proof,
    RehearsalPlace,
    is_made_again,
    overrides,
    rehearsal_command,
    violations,
)
from octeth_backupd.domain.server import Vendor, Version

PLACE = RehearsalPlace(data=PurePosixPath("/var/lib/mysql"), scratch=PurePosixPath("/scratch"))
MYSQL_9 = Version(major=9, minor=7, patch=0)
MARIADB = Version(major=10, minor=11, patch=0)


def _options(vendor: Vendor, version: Version, *, log_bin: bool = True) -> set[str]:
    return {override.option for override in overrides(vendor, version, PLACE, log_bin=log_bin)}


def test_mysql_keeps_its_binary_log_and_proves_it() -> None:
    chosen = overrides(Vendor.MYSQL, MYSQL_9, PLACE, log_bin=True)

    assert not any("log-bin" in override.option for override in chosen)
    assert "log_bin is 'OFF', not 'ON'" in violations(chosen, {"log_bin": "OFF"})


def test_mysql_without_binary_log_on_the_live_server_has_none_in_the_rehearsal() -> None:
    assert "skip-log-bin" in _options(Vendor.MYSQL, MYSQL_9, log_bin=False)


@pytest.mark.parametrize("log_bin", [True, False])
def test_mariadb_never_writes_a_binary_log(log_bin: bool) -> None:
    assert "skip-log-bin" in _options(Vendor.MARIADB, MARIADB, log_bin=log_bin)


def test_mariadb_is_given_no_option_of_mysql() -> None:
    options = _options(Vendor.MARIADB, MARIADB)

    assert not options & {"skip-replica-start", "loose-mysqlx=OFF", "super-read-only=ON", "persisted-globals-load=OFF"}
    assert "skip-slave-start" in options


def test_older_mysql_has_the_older_word_for_replicas() -> None:
    options = _options(Vendor.MYSQL, Version(major=8, minor=0, patch=25))

    assert "skip-slave-start" in options
    assert "skip-replica-start" not in options


@pytest.mark.parametrize("vendor", [Vendor.MYSQL, Vendor.MARIADB])
def test_what_the_server_writes_beside_its_data_goes_into_the_scratch_directory(vendor: Vendor) -> None:
    options = _options(vendor, MYSQL_9)

    assert {
        "socket=/scratch/mysqld.sock",
        "pid-file=/scratch/mysqld.pid",
        "log-error=/scratch/error.log",
        "tmpdir=/scratch",
    } <= options


@pytest.mark.parametrize(
    ("command", "program", "arguments"),
    [
        (("mysqld", "--a"), "mysqld", ("--a",)),
        (("--a",), "mysqld", ("--a",)),
        ((), "mysqld", ()),
        (("/usr/sbin/mariadbd", "--a"), "/usr/sbin/mariadbd", ("--a",)),
        (("tini", "--", "mysqld", "--a"), "mysqld", ("--a",)),
        (("mysqld", "--defaults-file=/x", "--daemonize", "-D"), "mysqld", ("--defaults-file=/x",)),
    ],
)
def test_server_is_started_by_its_own_program_with_its_own_arguments_first(
    command: tuple[str, ...], program: str, arguments: tuple[str, ...]
) -> None:
    chosen = (Override(option="skip-networking"), Override(option="", variable="datadir", value="/x"))

    assert rehearsal_command(command, Vendor.MYSQL, chosen, skip_grants=False) == (
        program,
        *arguments,
        "--skip-networking",
    )


def test_accounts_are_skipped_only_when_asked() -> None:
    assert rehearsal_command((), Vendor.MARIADB, (), skip_grants=True) == ("mariadbd", "--skip-grant-tables")


@pytest.mark.parametrize(
    ("override", "actual", "holds"),
    [
        (Override(option="a=OFF", variable="a", value="OFF"), "off", True),
        (Override(option="a=OFF", variable="a", value="OFF"), "ON", False),
        (Override(option="a=5", variable="a", value="5", proof=Proof.AT_MOST), "4", True),
        (Override(option="a=5", variable="a", value="5", proof=Proof.AT_MOST), "6", False),
        (Override(option="a=5", variable="a", value="5", proof=Proof.AT_MOST), "many", False),
        (Override(option="a=/x", variable="a", value="/x", proof=Proof.SAME_PATH), "/x/", True),
        (Override(option="a=/x", variable="a", value="/x", proof=Proof.SAME_PATH), "/y", False),
        (Override(option="a"), "whatever", True),
    ],
)
def test_value_of_a_variable_proves_an_override(override: Override, actual: str, holds: bool) -> None:
    assert (violations([override], {"a": actual}) == ()) is holds


def test_unknown_variable_is_a_violation_unless_it_may_be_absent() -> None:
    needed = Override(option="a=OFF", variable="a", value="OFF")
    optional = Override(option="loose-b=OFF", variable="b", value="OFF", proof=Proof.ABSENT_OR_EQUAL)

    assert violations([needed, optional], {}) == ("a is not known to the server",)


@pytest.mark.parametrize(
    ("name", "again"), [("auto.cnf", True), ("ca.pem", True), ("ibdata1", False), ("binlog.000007", False)]
)
def test_only_what_a_fresh_server_makes_is_made_again(name: str, again: bool) -> None:
    assert is_made_again(name) is again
