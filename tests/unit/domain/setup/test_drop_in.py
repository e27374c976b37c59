"""The drop-in of the unit."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from octeth_backupd.domain.setup.drop_in import drop_in_text, unprotected_roots, writable_directories
from octeth_backupd.errors import ConfigurationError

USUAL = PurePosixPath("/var/backups/octeth")


def _paths(**roles: str) -> dict[str, PurePosixPath]:
    return {role: PurePosixPath(path) for role, path in roles.items()}


def test_parent_of_the_data_directory_is_writable_as_one_entry() -> None:
    paths = _paths(data="/opt/mysql/data", redo="/opt/mysql/data", binlog="/opt/mysql/data/binlog", binlog_index="/x/y")

    assert writable_directories(paths, USUAL) == (PurePosixPath("/opt/mysql"),)


def test_directories_elsewhere_bring_their_own_parents_and_backups_themselves() -> None:
    paths = _paths(data="/opt/mysql/data", binlog="/var/log/mysql")

    assert writable_directories(paths, PurePosixPath("/mnt/backups")) == (
        PurePosixPath("/mnt/backups"),
        PurePosixPath("/opt/mysql"),
        PurePosixPath("/var/log"),
    )


def test_the_whole_disk_is_never_made_writable() -> None:
    assert writable_directories(_paths(data="/data"), USUAL) == ()
    assert unprotected_roots(_paths(data="/data", redo="/opt/x/redo")) == (PurePosixPath("/data"),)


def test_text_waits_for_the_backups_disk_and_the_servers_unit() -> None:
    backups = PurePosixPath("/mnt/backups")

    text = drop_in_text("one", [PurePosixPath("/var/lib"), backups], backups=backups, unit="mysql.service")

    assert text == (
        "# Server one: written by octeth-backupd setup.\n"
        "[Unit]\n"
        "After=mysql.service\n"
        "RequiresMountsFor=/mnt/backups\n"
        "\n"
        "[Service]\n"
        "ReadWritePaths=-/var/lib\n"
        "ReadWritePaths=-/mnt/backups\n"
    )


def test_nothing_to_say_is_no_drop_in() -> None:
    assert drop_in_text("one", [], backups=USUAL) == ""


def test_home_directories_are_shown_to_the_daemon_when_they_are_needed() -> None:
    text = drop_in_text("one", [PurePosixPath("/home/db")], backups=USUAL)

    assert text.endswith("ReadWritePaths=-/home/db\nProtectHome=no\n")


def test_paths_with_spaces_and_percent_signs_stay_one_path() -> None:
    text = drop_in_text("one", [PurePosixPath("/srv/my data/100%")], backups=USUAL)

    assert 'ReadWritePaths="-/srv/my data/100%%"\n' in text


@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\x1b", "\u2028"])
def test_tablespace_in_a_directory_that_would_be_more_lines_of_the_unit_is_refused(character: str) -> None:
    role = f"external:/srv/a{character}ExecStartPre=/tmp/evil{character}/q"
    paths = {"data": PurePosixPath("/opt/mysql/data"), role: PurePosixPath(role.removeprefix("external:"))}

    with pytest.raises(ConfigurationError, match="role 'external:/srv/a") as caught:
        writable_directories(paths, USUAL)

    assert character not in caught.value.message


def test_no_value_brings_lines_of_its_own_into_the_unit() -> None:
    evil = "x\nExecStartPre=/tmp/evil"

    for values in (
        {"server": evil},
        {"directories": [PurePosixPath("/srv", evil)]},
        {"backups": PurePosixPath("/srv", evil)},
        {"unit": evil},
    ):
        with pytest.raises(ConfigurationError, match="no unit file can hold"):
            drop_in_text(**{"server": "one", "directories": [], "backups": USUAL, **values})  # type: ignore[arg-type]
