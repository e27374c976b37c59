"""pipeline.restore.dress. (Access lists and other owners: tests/integration/test_restore_staging.py.)"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.pipeline.restore.dress import dress, give_unused

ME = Owner(user_id=os.getuid(), group_id=os.getgid())


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A directory as it was unpacked."""
    directory = tmp_path / "staged"
    (directory / "mysql").mkdir(parents=True)
    (directory / "shop").mkdir(mode=0o700)
    for name in ("ibdata1", "shop/orders.ibd"):
        (directory / name).touch(mode=0o600)
    return directory


def _present(tmp_path: Path) -> Path:
    directory = tmp_path / "present"
    (directory / "mysql").mkdir(parents=True)
    (directory / "ibdata1").touch()
    directory.chmod(0o1777)
    (directory / "mysql").chmod(0o770)
    (directory / "ibdata1").chmod(0o660)
    return directory


def _modes(directory: Path) -> dict[str, int]:
    paths = (directory, *directory.rglob("*"))
    return {str(path.relative_to(directory)): stat.S_IMODE(path.lstat().st_mode) for path in paths}


def test_files_look_like_those_that_are_there(staged: Path, tmp_path: Path) -> None:
    dress(staged, like=_present(tmp_path), owner=ME)

    assert _modes(staged) == {".": 0o1777, "mysql": 0o770, "shop": 0o770, "ibdata1": 0o660, "shop/orders.ibd": 0o660}


@pytest.mark.parametrize("like", ["nothing", "absent", "empty"])
def test_without_any_to_look_like_they_get_the_usual_modes(staged: Path, tmp_path: Path, like: str) -> None:
    (tmp_path / "empty").mkdir(mode=0o750)

    dress(staged, like=None if like == "nothing" else tmp_path / like, owner=ME)

    assert _modes(staged) == {".": 0o750, "mysql": 0o750, "shop": 0o750, "ibdata1": 0o640, "shop/orders.ibd": 0o640}


def test_links_are_left_alone_on_both_sides(staged: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o711)
    (outside / "file").touch(mode=0o611)
    (staged / "link").symlink_to(outside)
    present = tmp_path / "present"
    present.mkdir(mode=0o750)
    (present / "mysql").symlink_to(outside)

    dress(staged, like=present, owner=ME)

    assert stat.S_IMODE(outside.stat().st_mode) == 0o711
    assert stat.S_IMODE((outside / "file").stat().st_mode) == 0o611
    assert _modes(staged)["shop"] == 0o750


def test_it_may_be_repeated(staged: Path, tmp_path: Path) -> None:
    present = _present(tmp_path)
    dress(staged, like=present, owner=ME)
    before = _modes(staged)

    dress(staged, like=present, owner=ME)

    assert _modes(staged) == before


def test_a_directory_that_is_not_there_is_made_for_the_server(tmp_path: Path) -> None:
    give_unused(tmp_path / "log" / "mysql", ME)
    give_unused(tmp_path / "log" / "mysql", ME)

    assert stat.S_IMODE((tmp_path / "log" / "mysql").stat().st_mode) == 0o750


@pytest.mark.parametrize(
    ("user_id", "files", "given"),
    [(0, (), True), (0, ("lost+found",), True), (0, ("binlog.index",), False), (12, (), False)],
    ids=["empty and root's", "a fresh file system", "in use", "somebody's"],
)
def test_only_an_unused_directory_of_root_is_given_to_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user_id: int, files: tuple[str, ...], given: bool
) -> None:
    directory = tmp_path / "log"
    directory.mkdir()
    for name in files:
        (directory / name).touch()
    owners: list[tuple[int, int]] = []
    found = directory.stat()
    monkeypatch.setattr(Path, "stat", lambda _path, **_how: os.stat_result((*found[:4], user_id, *found[5:10])))
    monkeypatch.setattr(os, "chown", lambda _path, user, group: owners.append((user, group)))

    give_unused(directory, ME)

    assert owners == ([(ME.user_id, ME.group_id)] if given else [])
