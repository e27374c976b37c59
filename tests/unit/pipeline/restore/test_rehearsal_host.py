"""A rehearsal outside Docker: the command that isolates it, and its end."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.errors import ProgramError
from octeth_backupd.pipeline.restore import rehearsal_host
from octeth_backupd.pipeline.restore.rehearsal_host import (
    has_systemd,
    host_server,
    name_space_command,
    scratch_inside,
    scratch_root,
    unit_command,
    unit_name,
)
from octeth_backupd.pipeline.restore.rehearsal_server import Binding
from octeth_backupd.process.command import Command
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import ENVIRONMENT_NAME, RunMark
from octeth_backupd.process.redaction import Redactor

MARK = RunMark("installation", "run-1")
OWNER = Owner(user_id=112, group_id=113)
ROOT = PurePosixPath("/mnt")
BINDINGS = (
    Binding(source=Path("/var/lib/mysql/.octeth-x/a b"), target=ROOT / "scratch"),
    Binding(source=Path("/new"), target=PurePosixPath("/var/lib/mysql")),
    Binding(source=Path("/etc/mysql"), target=PurePosixPath("/etc/mysql"), read_only=True),
)
RUNNER = HostRunner(mark=MARK, redactor=Redactor())


def _unit() -> Command:
    return unit_command(
        ("mysqld", "--a"), unit="u", bindings=BINDINGS, root=ROOT, owner=OWNER, mark=MARK, limit_seconds=60
    )


def test_unit_runs_as_the_owner_without_network_and_rights_and_ends_by_itself() -> None:
    properties = {word.removeprefix("--property=") for word in _unit().arguments if word.startswith("--property=")}

    assert {
        "User=112",
        "Group=113",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "PrivateNetwork=yes",
        "RuntimeMaxSec=60",
    } <= properties
    assert "ReadWritePaths=/mnt/scratch /var/lib/mysql" in properties
    assert 'BindPaths="/var/lib/mysql/.octeth-x/a b:/mnt/scratch"' in properties
    assert "BindReadOnlyPaths=/etc/mysql:/etc/mysql" in properties


def test_unit_carries_the_mark_and_the_command_comes_last() -> None:
    arguments = _unit().arguments

    assert f"--setenv={ENVIRONMENT_NAME}={MARK.text}" in arguments
    assert arguments[-3:] == ("--", "mysqld", "--a")


def test_name_space_covers_its_root_first_and_the_data_after_the_scratch() -> None:
    command = name_space_command(("mysqld", "--a"), bindings=BINDINGS, root=ROOT, owner=OWNER)
    script = command.arguments[command.arguments.index("-c") + 1].splitlines()

    assert script[1] == "mount -t tmpfs -o mode=0755 tmpfs /mnt"
    assert script[2:4] == ["mkdir -p /mnt/scratch", "mount --bind '/var/lib/mysql/.octeth-x/a b' /mnt/scratch"]
    assert script[4] == "mount --bind /new /var/lib/mysql"
    assert script[-2] == "mount -o remount,bind,ro /etc/mysql"
    assert script[-1].startswith("exec setpriv --reuid 112 --regid 113 --clear-groups")
    assert command.arguments[-3:] == ("sh", "mysqld", "--a")
    assert "--net" in command.arguments


def test_nothing_that_is_needed_is_covered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    monkeypatch.setattr(rehearsal_host, "_STANDARD_DIRECTORIES", (str(first), str(second)))

    root = scratch_root([first / "disk" / "new"], [PurePosixPath("/var/lib/mysql")])

    assert root == PurePosixPath(second)
    assert scratch_inside(root).parent == root
    with pytest.raises(ProgramError, match="is free"):
        scratch_root([first / "new"], [PurePosixPath(second) / "mysql"])


def test_server_that_ends_by_itself_tells_its_exit_code_and_last_words() -> None:
    lines: list[str] = []

    with host_server(RUNNER, _shell("echo going; exit 3"), on_line=lines.append) as server:
        while server.ended() is None:
            pass
        assert server.ended() == 3
        assert server.last_words() == ("going",)

    assert lines == ["going"]


def test_server_that_goes_on_is_ended_with_the_block() -> None:
    with host_server(RUNNER, _shell("exec sleep 300"), on_line=lambda _: None) as server:
        assert server.ended() is None

    assert server.ended() is not None


def test_program_that_is_not_there_is_an_error() -> None:
    with (
        host_server(RUNNER, Command(program="no-such-server"), on_line=lambda _: None) as server,
        pytest.raises(ProgramError, match="not installed"),
    ):
        while server.ended() is None:
            pass


def test_units_have_names_of_their_own() -> None:
    assert unit_name(MARK) != unit_name(MARK)
    assert unit_name(MARK).startswith("octeth-backupd-run-1-rehearsal-")


def test_systemd_is_known_by_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal_host, "SYSTEMD_DIRECTORY", tmp_path)
    assert has_systemd()

    monkeypatch.setattr(rehearsal_host, "SYSTEMD_DIRECTORY", tmp_path / "none")
    assert not has_systemd()


def _shell(script: str) -> Command:
    return Command(program="sh", arguments=("-c", script))
