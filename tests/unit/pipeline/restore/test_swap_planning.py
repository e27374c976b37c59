"""pipeline.restore.swap_planning, on plain directories; mount points are in the integration tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.restore.swap import SwapMethod
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.errors import RestoreRefusedError, StorageError
from octeth_backupd.pipeline.restore import swap_planning
from octeth_backupd.pipeline.restore.swap_planning import plan_swaps
from tests.fakes.swap_sites import site_with

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "server" / "data"
    path.mkdir(parents=True)
    return path


@pytest.fixture
def no_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap_planning, "can_exchange", lambda _directory: False)


def test_plain_data_directory_is_exchanged_with_one_beside_it_and_the_plan_leaves_nothing(data: Path) -> None:
    swaps, words = plan_swaps(site_with({"data": data}), "run-1")

    assert [(swap.role, swap.method, swap.live) for swap in swaps] == [("data", SwapMethod.EXCHANGE, data)]
    assert swaps[0].room.parent == data.parent
    assert "exchanged in one system call" in words
    assert list(data.parent.iterdir()) == [data]


def test_directory_behind_a_link_is_exchanged_and_not_the_link(data: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(data)

    swaps, _words = plan_swaps(site_with({"data": tmp_path / "link"}), "run-1")

    assert swaps[0].live == data


def test_absent_data_directory_is_planned_for_too(data: Path) -> None:
    data.rmdir()

    swaps, _words = plan_swaps(site_with({"data": data}), "run-1")

    assert (swaps[0].method, swaps[0].live) == (SwapMethod.EXCHANGE, data)
    assert not data.exists()


@pytest.mark.usefixtures("no_exchange")
def test_without_exchange_the_entries_move_through_a_room_inside(data: Path) -> None:
    swaps, words = plan_swaps(site_with({"data": data}), "run-1")

    assert (swaps[0].method, swaps[0].room.parent) == (SwapMethod.ENTRIES, data)
    assert "cannot exchange" in words


def test_mount_point_is_never_exchanged(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap_planning, "is_mount_point", lambda path: path == data)

    swaps, words = plan_swaps(site_with({"data": data}), "run-1")

    assert swaps[0].method is SwapMethod.ENTRIES
    assert "mount point" in words


@pytest.mark.usefixtures("no_exchange")
@pytest.mark.parametrize(
    ("vendor", "patch", "refused"),
    [(Vendor.MYSQL, 17, True), (Vendor.PERCONA, 17, True), (Vendor.MYSQL, 18, False), (Vendor.MARIADB, 17, False)],
)
def test_server_that_would_read_the_room_as_its_own_data_is_refused(
    data: Path, vendor: Vendor, patch: int, refused: bool
) -> None:
    site = site_with({"data": data}, vendor=vendor, version=Version(major=8, minor=0, patch=patch))

    if refused:
        with pytest.raises(RestoreRefusedError, match="would not start"):
            plan_swaps(site, "run-1")
    else:
        assert plan_swaps(site, "run-1")


def test_place_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        plan_swaps(site_with({"data": tmp_path / "absent" / "data"}), "run-1")


def test_binary_logs_elsewhere_change_with_the_data_but_nothing_else_beside_them_does(
    data: Path, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    site = site_with(
        {"data": data, "binlog": logs, "binlog_index": logs / "all.idx"},
        variables={"log_bin_basename": "/var/log/mysql/bin", "log_bin_index": "/var/log/mysql/all.idx"},
    )

    swaps, words = plan_swaps(site, "run-1")

    binlog = swaps[1]
    assert (binlog.role, binlog.method, binlog.live, binlog.room.parent) == ("binlog", SwapMethod.ENTRIES, logs, logs)
    assert [name for name in ("bin.000001", "all.idx", "error.log") if binlog.concerns(name)] == [
        "bin.000001",
        "all.idx",
    ]
    assert str(logs) in words


def test_rooms_do_not_meet_when_the_data_directory_lies_among_the_binary_logs(data: Path) -> None:
    site = site_with({"data": data, "binlog": data.parent, "binlog_index": data.parent / "binlog.index"})

    swaps, _words = plan_swaps(site, "run-1")

    assert swaps[0].room.parent == swaps[1].room.parent
    assert swaps[0].room != swaps[1].room


@pytest.mark.parametrize(("relative", "log_bin"), [("data", True), ("data/logs", True), ("elsewhere", False)])
def test_binary_logs_in_the_data_directory_or_none_need_no_swap_of_their_own(
    data: Path, relative: str, log_bin: bool
) -> None:
    site = site_with({"data": data, "binlog": data.parent / relative}, log_bin=log_bin)

    swaps, _words = plan_swaps(site, "run-1")

    assert [swap.role for swap in swaps] == ["data"]


def test_index_apart_from_logs_and_data_is_refused(data: Path, tmp_path: Path) -> None:
    site = site_with({"data": data, "binlog": tmp_path / "logs", "binlog_index": tmp_path / "index" / "binlog.index"})

    with pytest.raises(RestoreRefusedError, match="index of the binary logs"):
        plan_swaps(site, "run-1")


def test_link_out_of_sight_into_the_data_directory_is_refused(data: Path, tmp_path: Path) -> None:
    (data / "logs").mkdir()
    (tmp_path / "logs").symlink_to(data / "logs")

    with pytest.raises(RestoreRefusedError, match="symbolic link"):
        plan_swaps(site_with({"data": data, "binlog": tmp_path / "logs"}), "run-1")
