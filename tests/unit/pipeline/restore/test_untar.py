"""pipeline.restore.untar."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.restore.landing import Landing
from octeth_backupd.pipeline.restore.untar import untar

TOP = "octeth-backup-2026-11-22_02-00-00"
DIRECTORY, LINK, HARD_LINK = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE

Member = tuple[str, bytes | None] | tuple[str, bytes | None, bytes, str]


def _tar(*members: Member, tar_format: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a tar of (name, content), (name, None) for directories, and (name, None, type, linkname)."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tar_format) as archive:
        for name, content, *rest in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (rest[0], rest[1]) if rest else (DIRECTORY if content is None else info.type, "")  # type: ignore[assignment]
            info.size = len(content or b"")
            archive.addfile(info, io.BytesIO(content or b""))
    return stream.getvalue()


def _untar(directory: Path, data: bytes) -> dict[str, bytes]:
    directory.mkdir(exist_ok=True)
    with Landing(directory) as landing:
        untar(io.BufferedReader(io.BytesIO(data)), landing)
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("tar_format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 3 << 20])
def test_files_come_out_without_the_one_directory_at_the_top(tmp_path: Path, size: int, tar_format: int) -> None:
    content = os.urandom(size)

    found = _untar(
        tmp_path,
        _tar(
            (TOP, None),
            (f"{TOP}/shop", None),
            (f"{TOP}/shop/a.ibd", content),
            (f"{TOP}/z", b"z"),
            tar_format=tar_format,
        ),
    )

    assert found == {"shop/a.ibd": content, "z": b"z"}


@pytest.mark.parametrize(
    "members",
    [
        (("./", None), ("./ibdata1", b"a"), ("./mysql/x", b"b")),
        (("ibdata1", b"a"), ("mysql", None), ("mysql/x", b"b")),
        ((f"{TOP}/ibdata1", b"a"), (f"{TOP}/mysql/x", b"b")),
    ],
)
def test_archives_that_somebody_packed_otherwise_come_out_alike(tmp_path: Path, members: tuple[Member, ...]) -> None:
    assert _untar(tmp_path, _tar(*members)) == {"ibdata1": b"a", "mysql/x": b"b"}


def test_long_and_foreign_names_come_out(tmp_path: Path) -> None:
    names = {"d" * 120 + "/" + "f" * 150: b"long", "shop/caf\udce9.ibd": b"latin 1"}

    assert _untar(tmp_path, _tar((TOP, None), *((f"{TOP}/{name}", data) for name, data in names.items()))) == names


HOSTILE: dict[str, tuple[Member, ...]] = {
    "absolute": (("/etc/evil", b"x"),),
    "upwards": ((f"{TOP}/../evil", b"x"),),
    "symbolic link": ((f"{TOP}/shop", None, LINK, "/tmp"),),
    "symbolic link within": ((f"{TOP}/shop", None, LINK, "mysql"),),
    "through a symbolic link": ((f"{TOP}/shop", None, LINK, ".."), (f"{TOP}/shop/evil", b"x")),
    "hard link": ((f"{TOP}/passwd", None, HARD_LINK, "/etc/passwd"),),
    "character device": ((f"{TOP}/null", None, tarfile.CHRTYPE, ""),),
    "block device": ((f"{TOP}/disk", None, tarfile.BLKTYPE, ""),),
    "named pipe": ((f"{TOP}/pipe", None, tarfile.FIFOTYPE, ""),),
    "twice": ((f"{TOP}/ibdata1", b"x"), (f"{TOP}/./ibdata1", b"y")),
    "directory twice": ((f"{TOP}/shop", None), (f"{TOP}/shop/", None)),
    "file as a directory": ((f"{TOP}/shop", b"x"), (f"{TOP}/shop/evil", b"y")),
    "beside the top": (("evil", b"x"),),
    "top as a file": ((f"{TOP}", b"x"),),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_member_is_refused_and_nothing_is_written_elsewhere(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"

    with pytest.raises(VerificationError):
        _untar(inside, _tar((TOP, None), *HOSTILE[name]))

    assert list(tmp_path.iterdir()) == [inside]
    assert not Path("/etc/evil").exists()


def test_archive_is_an_error_wherever_it_is_cut(tmp_path: Path) -> None:
    whole = _tar((TOP, None), (f"{TOP}/a", b"a" * 700), (f"{TOP}/b", b"b" * 512))
    end = whole.rindex(b"b" * 512) + 512 + 512

    for number, length in enumerate((*range(0, end, 256), end - 1)):
        with pytest.raises(VerificationError):
            _untar(tmp_path / str(number), whole[:length])


def test_second_archive_hidden_behind_the_end_is_refused(tmp_path: Path) -> None:
    whole = _tar((TOP, None), (f"{TOP}/a", b"a"))

    with pytest.raises(VerificationError, match="goes on"):
        _untar(tmp_path, whole + whole)


def test_header_that_claims_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("./@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 4 << 30

    with pytest.raises(VerificationError, match="header"):
        _untar(tmp_path, info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))


def test_sparse_files_come_out_whole(tmp_path: Path) -> None:
    source = tmp_path / "source" / TOP
    source.mkdir(parents=True)
    with (source / "sparse").open("wb") as file:
        file.seek(1 << 20)
        file.write(b"end")
    archive = tmp_path / "a.tar"
    subprocess.run(["tar", "--sparse", "-cf", archive, "-C", source.parent, TOP], check=True)

    found = _untar(tmp_path / "out", archive.read_bytes())

    assert found["sparse"] == (source / "sparse").read_bytes()


@pytest.mark.parametrize("data", [b"", b"no tar at all" * 100, bytes(10240)])
def test_what_is_no_tar_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(VerificationError):
        _untar(tmp_path, data)


def test_thousands_of_headers_for_one_member_are_damage(tmp_path: Path) -> None:
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 2
    header = long_name.tobuf(tarfile.GNU_FORMAT) + b"x\0".ljust(tarfile.BLOCKSIZE, b"\0")

    with pytest.raises(VerificationError, match="no whole tar file"):
        _untar(tmp_path, header * 5000 + _tar(("x", b"x")))
