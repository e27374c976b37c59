"""process.exchange."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.process import exchange as module
from octeth_backupd.process.exchange import (
    can_exchange,
    exchange,
    is_mount_point,
    move,
    sync_directories,
    sync_file_system,
)

if TYPE_CHECKING:
    from pathlib import Path

MOUNTINFO = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 21 8:1 /srv/mysql /var/lib/mysql rw,relatime shared:1 - ext4 /dev/sda1 rw
41 21 8:2 / /srv/with\\040space rw,relatime - xfs /dev/sdb rw
"""


def _refuse(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refused(_source: Path, _target: Path, _flags: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(module, "_rename", refused)


def test_exchanged_directories_carry_their_content_along(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "deeper" / "second"
    for directory in (first, second):
        directory.mkdir(parents=True)
        (directory / "name").write_text(directory.name)

    exchange(first, second)

    assert ((first / "name").read_text(), (second / "name").read_text()) == ("second", "first")


def test_exchange_with_nothing_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()

    with pytest.raises(StorageError, match="no such file"):
        exchange(tmp_path / "first", tmp_path / "absent")

    assert [path.name for path in tmp_path.iterdir()] == ["first"]


@pytest.mark.parametrize("file_system_can", [True, False])
def test_move_renames_and_never_onto_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_system_can: bool
) -> None:
    if not file_system_can:
        _refuse(monkeypatch, errno.EINVAL)
    (tmp_path / "a").write_text("a")
    (tmp_path / "c").write_text("c")

    move(tmp_path / "a", tmp_path / "b")
    with pytest.raises(StorageError, match="exists already"):
        move(tmp_path / "b", tmp_path / "c")

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b": "a", "c": "c"}


def test_move_over_the_border_of_a_file_system_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refuse(monkeypatch, errno.EXDEV)
    (tmp_path / "a").write_text("a")

    with pytest.raises(StorageError, match="cross-device"):
        move(tmp_path / "a", tmp_path / "b")

    assert (tmp_path / "a").exists()


def test_trial_leaves_nothing(tmp_path: Path) -> None:
    assert can_exchange(tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EXDEV, errno.EBUSY])
def test_trial_that_is_refused_means_no_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    _refuse(monkeypatch, number)

    assert not can_exchange(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_trial_that_cannot_even_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        can_exchange(tmp_path / "absent")


def test_trial_with_an_error_of_the_disk_is_an_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse(monkeypatch, errno.EIO)

    with pytest.raises(StorageError, match="input/output error"):
        can_exchange(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_file_system_of_a_path_is_synced_and_an_absent_one_is_an_error(tmp_path: Path) -> None:
    sync_file_system(tmp_path)
    sync_directories(tmp_path)

    with pytest.raises(StorageError):
        sync_file_system(tmp_path / "absent")
    with pytest.raises(StorageError):
        sync_directories(tmp_path, tmp_path / "absent")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("var/lib/mysql", True), ("srv/with space", True), ("var/lib", False), ("srv/mysql", False)],
)
def test_mount_points_are_found_also_within_one_file_system(name: str, expected: bool, tmp_path: Path) -> None:
    path = tmp_path.__class__("/", name)

    assert is_mount_point(path, MOUNTINFO) is expected


def test_present_mounts_are_looked_at(tmp_path: Path) -> None:
    assert is_mount_point(tmp_path.__class__("/proc"))
    assert not is_mount_point(tmp_path)
