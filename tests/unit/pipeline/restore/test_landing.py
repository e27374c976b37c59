"""pipeline.restore.landing."""

from __future__ import annotations

import stat
from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.errors import StorageError, VerificationError
from octeth_backupd.pipeline.restore.landing import Landing


def _make(landing: Landing, path: str, content: bytes = b"content") -> None:
    file = landing.make_file(PurePosixPath(path))
    file.write(content)
    file.finish()


def test_files_appear_with_the_directories_above_them_for_nobody_but_the_daemon(tmp_path: Path) -> None:
    with Landing(tmp_path) as landing:
        _make(landing, "ibdata1")
        _make(landing, "shop/orders.ibd")
        _make(landing, "ibdata2")
        landing.make_directory(PurePosixPath("empty/below"))

    assert (tmp_path / "shop/orders.ibd").read_bytes() == b"content"
    assert (tmp_path / "empty/below").is_dir()
    assert stat.S_IMODE((tmp_path / "ibdata1").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "shop").stat().st_mode) == 0o700
    assert (landing.file_count, landing.written_bytes) == (3, 21)


def test_directory_may_be_named_after_what_it_holds(tmp_path: Path) -> None:
    with Landing(tmp_path) as landing:
        _make(landing, "shop/orders.ibd")
        landing.make_directory(PurePosixPath("shop"))
        landing.make_directory(PurePosixPath())

    assert (tmp_path / "shop").is_dir()


@pytest.mark.parametrize("second", ["shop", "shop/orders.ibd"])
def test_path_that_comes_twice_is_refused(tmp_path: Path, second: str) -> None:
    with Landing(tmp_path) as landing, pytest.raises(VerificationError, match="twice"):
        landing.make_directory(PurePosixPath("shop"))
        _make(landing, "shop/orders.ibd")
        if second == "shop":
            landing.make_directory(PurePosixPath(second))
        else:
            _make(landing, second)


@pytest.mark.parametrize("path", ["shop/orders.ibd", "shop/below/orders.ibd", "shop"])
def test_nothing_is_written_through_a_link_that_lies_there(tmp_path: Path, path: str) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (inside / "shop").symlink_to(outside)

    with Landing(inside) as landing, pytest.raises(VerificationError, match="something else lies there"):
        _make(landing, path)

    assert list(outside.iterdir()) == []


def test_file_that_lies_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ibdata1").write_text("other")

    with Landing(tmp_path) as landing, pytest.raises(VerificationError, match="something else lies there"):
        _make(landing, "ibdata1")

    assert (tmp_path / "ibdata1").read_text() == "other"


def test_file_is_no_directory(tmp_path: Path) -> None:
    with Landing(tmp_path) as landing, pytest.raises(VerificationError, match="something else lies there"):
        _make(landing, "shop")
        _make(landing, "shop/orders.ibd")


def test_link_in_place_of_the_directory_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    with pytest.raises(StorageError), Landing(tmp_path / "link"):
        pass


def test_holes_are_left_and_count(tmp_path: Path) -> None:
    with Landing(tmp_path) as landing:
        file = landing.make_file(PurePosixPath("sparse"))
        file.write(b"a")
        file.skip(1 << 20)
        file.finish()

    assert (tmp_path / "sparse").stat().st_size == (1 << 20) + 1
    assert landing.written_bytes == 1
