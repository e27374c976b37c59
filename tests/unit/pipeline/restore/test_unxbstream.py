"""pipeline.restore.unxbstream."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.restore.landing import Landing
from octeth_backupd.pipeline.restore.unxbstream import unpack_xbstream
from tests.fakes.xbstreams import chunk, xbstream

FILES = {"ibdata1": os.urandom(3 << 20), "shop/orders.ibd": b"orders", "shop/empty": b"", "xtrabackup_info": b"last"}


def _unpack(directory: Path, data: bytes) -> dict[str, bytes]:
    directory.mkdir(exist_ok=True)
    with Landing(directory) as landing:
        unpack_xbstream(io.BytesIO(data), landing)
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_files_come_out(tmp_path: Path) -> None:
    assert _unpack(tmp_path, xbstream(FILES)) == FILES


def test_files_that_were_written_side_by_side_come_out(tmp_path: Path) -> None:
    stream = (
        chunk("a", b"P", b"one")
        + chunk("b", b"P", b"two")
        + chunk("a", b"P", b"three", offset=3)
        + chunk("b", b"E")
        + chunk("a", b"E")
    )

    assert _unpack(tmp_path, stream) == {"a": b"onethree", "b": b"two"}


def test_holes_come_out_as_zeros_also_at_the_end(tmp_path: Path) -> None:
    stream = (
        chunk("t.ibd", b"S", b"aabb", holes=[(0, 2), (4, 2), (5, 0)])
        + chunk("t.ibd", b"P", b"c", offset=13)
        + chunk("t.ibd", b"S", b"d", offset=14, holes=[(1, 1), (3, 0)])
        + chunk("t.ibd", b"E")
    )

    assert _unpack(tmp_path, stream) == {"t.ibd": b"aa\0\0\0\0bb\0\0\0\0\0c\0d\0\0\0"}


@pytest.mark.parametrize("program", ["mbstream"])
def test_what_the_program_wrote_comes_out(tmp_path: Path, program: str) -> None:
    executable = shutil.which(program)
    assert executable, f"{program} is needed for the tests: apt-get install mariadb-backup"
    source = tmp_path / "source"
    for name, content in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    stream = subprocess.run([executable, "-c", *FILES], cwd=source, capture_output=True, check=True).stdout

    assert _unpack(tmp_path / "out", stream) == FILES


def test_chunk_that_may_be_ignored_is(tmp_path: Path) -> None:
    assert _unpack(tmp_path, chunk("note", b"N", b"text", flags=1) + xbstream(FILES)) == FILES


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        chunk("a", b"P", b"data"),
        chunk("a", b"P", b"data") + chunk("b", b"P", b"x") + chunk("a", b"E"),
        xbstream({"a": b"data"})[:-1],
        xbstream({"a": b"data"})[:20],
        xbstream({"a": b"data"}) + b"XBST",
        chunk("a", b"S", b"data", holes=[(0, 4)])[:30],
    ],
)
def test_cut_stream_is_an_error(tmp_path: Path, stream: bytes) -> None:
    with pytest.raises(VerificationError, match=r"cut|empty"):
        _unpack(tmp_path, stream)


@pytest.mark.parametrize(
    "stream",
    [
        chunk("a", b"P", b"data", checksum=1) + chunk("a", b"E"),
        chunk("a", b"P", b"data", offset=1) + chunk("a", b"E"),
        chunk("a", b"S", b"data", holes=[(0, 3)]) + chunk("a", b"E"),
        chunk("a", b"N", b"data"),
        b"garbage" * 10,
        xbstream({"a": b"data"}) + b"garbage" * 10,
    ],
)
def test_damaged_stream_is_an_error(tmp_path: Path, stream: bytes) -> None:
    with pytest.raises(VerificationError):
        _unpack(tmp_path, stream)


@pytest.mark.parametrize("name", ["/etc/evil", "../evil", "a/../../evil", "", "x" * 5000])
def test_hostile_path_is_refused_and_nothing_is_written_elsewhere(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"

    with pytest.raises(VerificationError):
        _unpack(inside, xbstream({name: b"x"}))

    assert list(tmp_path.iterdir()) == [inside]
    assert list(inside.iterdir()) == []


def test_file_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="twice"):
        _unpack(tmp_path, xbstream({"a": b"x"}) + xbstream({"./a": b"y"}))


def test_stream_that_begins_thousands_of_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="unfinished"):
        _unpack(tmp_path, b"".join(chunk(f"f{number}", b"P", b"x") for number in range(600)))


def test_map_that_claims_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    head = chunk("a", b"S", b"", holes=[])

    with pytest.raises(VerificationError, match="holes"):
        _unpack(tmp_path, head[:15] + b"\xff\xff\xff\xff" + head[19:])
