"""domain.restore.swap."""

from __future__ import annotations

from pathlib import Path

import pytest

from octeth_backupd.domain.restore.swap import Swap, SwapMethod, binlog_pattern, room_name


def _swap(*, method: SwapMethod = SwapMethod.ENTRIES, pattern: str = "", role: str = "data") -> Swap:
    room = Path("/srv/mysql") / room_name("run-1", role)
    return Swap(role=role, live=Path("/srv/mysql"), room=room, method=method, pattern=pattern, incoming_inode=7)


def test_exchanged_data_is_set_aside_where_the_restored_was_staged() -> None:
    swap = _swap(method=SwapMethod.EXCHANGE)

    assert swap.aside == swap.incoming


def test_entries_are_set_aside_apart_from_what_is_staged() -> None:
    swap = _swap()

    assert len({swap.aside, swap.incoming, swap.record}) == 3


@pytest.mark.parametrize("name", ["ibdata1", "mysql", ".my-healthcheck.cnf", "lost", "#innodb_redo"])
def test_every_entry_of_a_data_directory_takes_part(name: str) -> None:
    assert _swap().concerns(name)


@pytest.mark.parametrize("name", [".octeth-backupd-other", "lost+found"])
def test_rooms_and_what_belongs_to_the_file_system_stay(name: str) -> None:
    assert not _swap().concerns(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("binlog.000001", True),
        ("binlog.1000000", True),
        ("binlog.index", True),
        ("binlog.~rec~", True),
        ("logs.idx", True),
        ("binlog.000001.gz", False),
        ("mybinlog.000001", False),
        ("error.log", False),
        ("xlogs.idx", False),
    ],
)
def test_only_binary_logs_and_their_index_take_part_in_their_directory(name: str, expected: bool) -> None:
    assert _swap(pattern=binlog_pattern("/var/log/mysql/binlog", "/var/log/mysql/logs.idx")).concerns(name) is expected


def test_dot_in_a_name_of_binary_logs_is_a_dot() -> None:
    assert not _swap(pattern=binlog_pattern("host.bin")).concerns("hostxbin.000001")


def test_rooms_of_two_roles_may_lie_side_by_side() -> None:
    assert room_name("run-1") != room_name("run-1", "binlog")


@pytest.mark.parametrize("role", ["data", "binlog"])
def test_swap_of_another_run_has_a_room_of_its_own_and_is_not_measured(role: str) -> None:
    other = _swap(role=role).of_run("run-2")

    assert other.room == Path("/srv/mysql") / room_name("run-2", role)
    assert (other.live, other.role, other.incoming_inode) == (Path("/srv/mysql"), role, 0)
