"""process.files."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import SpaceError, StorageError
from octeth_backupd.process.files import (
    free_bytes,
    make_directory,
    publish,
    remove_tree,
    sync_directory,
    translated_os_errors,
    tree_bytes,
    write_whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(("content", "expected"), [("grüße\n", "grüße\n".encode()), (b"\0\xff", b"\0\xff")])
@pytest.mark.parametrize("replace", [True, False])
def test_file_appears_with_its_content_and_mode(
    tmp_path: Path, content: str | bytes, expected: bytes, replace: bool
) -> None:
    path = tmp_path / "file"

    write_whole(path, content, mode=0o640, replace=replace)

    assert path.read_bytes() == expected
    assert _mode(path) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_file_is_private_unless_said_otherwise(tmp_path: Path) -> None:
    write_whole(tmp_path / "file", "x", replace=False)

    assert _mode(tmp_path / "file") == 0o600


def test_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("first")

    with pytest.raises(StorageError, match="exists already"):
        write_whole(path, "second", replace=False)

    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_is_there_is_replaced_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("first")

    write_whole(path, "second", replace=True)

    assert path.read_text() == "second"


def test_what_a_crash_left_does_not_stand_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".file.partial").write_text("half of a longer text")

    write_whole(tmp_path / "file", "whole", replace=False)

    assert (tmp_path / "file").read_text() == "whole"


def test_link_under_the_partial_name_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".file.partial").symlink_to(victim)

    write_whole(tmp_path / "file", "x", replace=False)

    assert victim.read_text() == "precious"
    assert (tmp_path / "file").read_text() == "x"
    assert not (tmp_path / "file").is_symlink()


def test_hard_link_under_the_partial_name_is_not_written_to(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".file.partial").hardlink_to(victim)

    write_whole(tmp_path / "file", "x", replace=True)

    assert victim.read_text() == "precious"
    assert (tmp_path / "file").read_text() == "x"


def test_pipe_under_the_partial_name_blocks_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".file.partial")

    write_whole(tmp_path / "file", "x", replace=True)

    assert (tmp_path / "file").is_file()
    assert (tmp_path / "file").read_text() == "x"


def test_file_in_a_missing_directory_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such file") as caught:
        write_whole(tmp_path / "missing" / "file", "x", replace=True)

    assert caught.value.hint


def test_file_system_without_hard_links_still_does_not_replace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    partial = tmp_path / "partial"

    partial.write_text("first")
    publish(partial, tmp_path / "file")
    partial.write_text("second")
    with pytest.raises(StorageError, match="exists already"):
        publish(partial, tmp_path / "file")

    assert (tmp_path / "file").read_text() == "first"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_full_file_system_is_told_apart_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("octeth_backupd.process.files.os.fsync", full)

    with pytest.raises(SpaceError, match="no space left"):
        write_whole(tmp_path / "file", "x", replace=False)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.ENOENT, errno.EIO])
def test_hint_fits_the_error(number: int) -> None:
    with pytest.raises(StorageError) as caught, translated_os_errors(Path("/x")):
        raise OSError(number, os.strerror(number))

    assert caught.value.hint.endswith(".")
    assert str(caught.value).startswith("/x: ")


def test_directories_are_made_private_and_existing_ones_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    make_directory(tmp_path / "a" / "b")
    make_directory(tmp_path / "a" / "b", mode=0o777)

    assert (_mode(tmp_path), _mode(tmp_path / "a"), _mode(tmp_path / "a" / "b")) == (0o755, 0o700, 0o700)


def test_file_in_the_place_of_a_directory_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(StorageError, match="not a directory"):
        make_directory(tmp_path / "file")
    with pytest.raises(StorageError, match="not a directory"):
        sync_directory(tmp_path / "file")


@pytest.mark.parametrize("ask", [make_directory, free_bytes])
def test_path_that_cannot_be_looked_at_is_an_error_of_ours(tmp_path: Path, ask: Callable[[Path], object]) -> None:
    with pytest.raises(StorageError, match="file name too long"):
        ask(tmp_path / ("x" * 300))


def test_room_is_that_of_the_nearest_directory_that_exists(tmp_path: Path) -> None:
    space = free_bytes(tmp_path / "not" / "yet")

    facts = os.statvfs(tmp_path)
    assert space.device == tmp_path.stat().st_dev
    assert space.total == facts.f_blocks * facts.f_frsize
    assert 0 <= space.free <= space.total
    assert 0 <= space.used_percent <= 100


def test_tree_is_measured_without_following_links(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"x" * 100)
    (tmp_path / "two").write_bytes(b"x" * 23)
    (tmp_path / "link").symlink_to("/")

    assert tree_bytes(tmp_path) == 123
    assert tree_bytes(tmp_path / "missing") == 0
    assert tree_bytes(tmp_path / "two") == 0


def test_tree_is_removed(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "file").write_text("x")

    remove_tree(tree, beneath=tmp_path)
    remove_tree(tree, beneath=tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["", ".", "..", "../sibling", "inside/../../sibling", "/"])
def test_what_is_not_beneath_the_given_root_is_not_removed(tmp_path: Path, wrong: str) -> None:
    root = tmp_path / "root"
    (root / "inside").mkdir(parents=True)
    (tmp_path / "sibling").mkdir()

    with pytest.raises(StorageError, match="refused"):
        remove_tree(root / wrong, beneath=root)

    assert (root / "inside").is_dir()
    assert (tmp_path / "sibling").is_dir()


def test_links_do_not_lead_a_removal_elsewhere(tmp_path: Path) -> None:
    root, victim = tmp_path / "root", tmp_path / "victim"
    root.mkdir()
    (victim / "inner").mkdir(parents=True)
    (root / "link").symlink_to(victim)

    with pytest.raises(StorageError, match="symbolic link"):
        remove_tree(root / "link", beneath=root)
    with pytest.raises(StorageError, match="refused"):
        remove_tree(root / "link" / "inner", beneath=root)

    assert (victim / "inner").is_dir()
