"""Tablespaces that MariaDB has not opened since its start."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.server import ServerPaths, Tablespace
from octeth_backupd.servers.unopened import complete_unopened

PAGE_BYTES = 16384


def _file_of(space_id: int) -> bytes:
    return bytes(34) + space_id.to_bytes(4, "big") + bytes([1]) * (PAGE_BYTES - 38)


@pytest.fixture
def paths(tmp_path: Path) -> ServerPaths:
    (tmp_path / "oempro").mkdir()
    return ServerPaths(server={"data": PurePosixPath("/var/lib/mysql")}, host={"data": tmp_path})


def _unopened(space_id: int = 7) -> Tablespace:
    return Tablespace(space_id=space_id, name="oempro/lists", size_bytes=0, discarded=True)


def test_the_file_says_path_and_size(tmp_path: Path, paths: ServerPaths) -> None:
    (tmp_path / "oempro" / "lists.ibd").write_bytes(_file_of(7))

    [completed] = complete_unopened([_unopened()], paths)

    assert completed == Tablespace(
        space_id=7, name="oempro/lists", size_bytes=PAGE_BYTES, path="/var/lib/mysql/oempro/lists.ibd"
    )


@pytest.mark.parametrize("content", [None, b"short", _file_of(8)], ids=["no file", "no data file", "another's"])
def test_what_is_discarded_or_lost_stays_as_it_is(tmp_path: Path, paths: ServerPaths, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "oempro" / "lists.ibd").write_bytes(content)

    assert complete_unopened([_unopened()], paths) == (_unopened(),)


def test_opened_ones_are_left_alone_without_a_look_at_their_files(paths: ServerPaths) -> None:
    opened = Tablespace(space_id=7, name="oempro/lists", size_bytes=99)

    assert complete_unopened([opened], paths) == (opened,)
