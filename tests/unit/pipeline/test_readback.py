"""Reading an archive back: what is whole is listed, what is not is refused."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.compression.none import NoCompressor
from octeth_backupd.compression.zstd import ZstdCompressor
from octeth_backupd.errors import CancelledError, VerificationError
from octeth_backupd.pipeline.readback import (
    ForwardReader,
    forget_cached_pages,
    hash_archive,
    listing_digest,
    read_back,
    read_through,
)
from octeth_backupd.process.cancellation import Cancellation

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.pipeline.readback import ReadBack

FILES = {"top/ibdata1": b"i" * 3000, "top/shop/orders.ibd": b"o" * 70_000, "top/empty": b""}
BLOCK = tarfile.BLOCKSIZE


def _tar(files: dict[str, bytes] | None = None, *, special: tarfile.TarInfo | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        directory = tarfile.TarInfo("top")
        directory.type = tarfile.DIRTYPE
        archive.addfile(directory)
        for name, content in (FILES if files is None else files).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        if special is not None:
            archive.addfile(special)
    return out.getvalue()


def _read(content: bytes, compressor: NoCompressor | ZstdCompressor | None = None) -> ReadBack:
    return read_back(io.BytesIO(content), compressor or NoCompressor(), cancellation=Cancellation())


def _zstd(content: bytes, tmp_path: Path) -> bytes:
    plain, out = tmp_path / "plain", io.BytesIO()
    plain.write_bytes(content)
    with plain.open("rb") as source:
        ZstdCompressor(level=1, threads=1).compress(source, out, cancellation=Cancellation())
    return out.getvalue()


def test_a_whole_archive_is_listed_and_hashed_in_one_pass(tmp_path: Path) -> None:
    content = _zstd(_tar(), tmp_path)

    found = _read(content, ZstdCompressor(level=1, threads=1))

    assert found.files == {name: len(data) for name, data in FILES.items()}
    assert (found.sha256, found.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_names_longer_than_a_header_are_listed_whole() -> None:
    name = "top/" + "x" * 90 + "/" + "y" * 120

    assert _read(_tar({name: b"data"})).files == {name: 4}


def test_one_flipped_bit_in_a_compressed_archive_is_noticed(tmp_path: Path) -> None:
    content = bytearray(_zstd(_tar({"top/a": os.urandom(50_000)}), tmp_path))
    content[len(content) // 2] ^= 1

    with pytest.raises(VerificationError):
        _read(bytes(content), ZstdCompressor(level=1, threads=1))


@pytest.mark.parametrize("missing_bytes", [1, 4, 100, 2000])
def test_a_cut_compressed_archive_is_noticed(tmp_path: Path, missing_bytes: int) -> None:
    content = _zstd(_tar({"top/a": os.urandom(50_000)}), tmp_path)

    with pytest.raises(VerificationError):
        _read(content[:-missing_bytes], ZstdCompressor(level=1, threads=1))


@pytest.mark.parametrize("kept_blocks", [0, 1, 2, 3, 5, 8])
def test_a_plain_archive_cut_anywhere_is_noticed_also_between_two_members(kept_blocks: int) -> None:
    with pytest.raises(VerificationError, match="no whole tar file"):
        _read(_tar()[: kept_blocks * BLOCK])


def test_a_damaged_header_is_not_taken_for_the_end() -> None:
    content = bytearray(_tar({"top/a": b"a", "top/b": b"b"}))
    second = 3 * BLOCK
    assert content[second : second + 5] == b"top/b"
    content[second : second + BLOCK] = b"?" * BLOCK
    content[second + BLOCK :] = bytes(10 * BLOCK)

    with pytest.raises(VerificationError, match="end mark is missing"):
        _read(bytes(content))


def test_a_header_with_a_negative_size_is_a_damaged_archive_not_a_defect() -> None:
    member = tarfile.TarInfo("top/a")
    member.size = 600
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + b"\xf8\x00"  # base-256: -2048
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)

    with pytest.raises(VerificationError, match="no whole tar file"):
        _read(bytes(header) + bytes(20 * BLOCK))


def test_a_second_archive_hidden_after_the_end_is_noticed() -> None:
    with pytest.raises(VerificationError, match="goes on after the end"):
        _read(_tar() + _tar({"top/hidden": b"h"}))


def test_a_member_that_comes_twice_is_refused() -> None:
    first = _tar({"top/a": b"a"})[: 3 * BLOCK]

    with pytest.raises(VerificationError, match="twice"):
        _read(first + _tar({"top/a": b"b"})[BLOCK:])


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes) -> None:
    special = tarfile.TarInfo("top/way-out")
    special.type, special.linkname = kind, "/etc/shadow"

    with pytest.raises(VerificationError, match="neither a file nor a directory"):
        _read(_tar(special=special))


def test_hashing_alone_reads_every_byte_and_lists_nothing() -> None:
    content = os.urandom(3_000_000)

    found = hash_archive(io.BytesIO(content), cancellation=Cancellation())

    assert (found.sha256, found.size_bytes, found.files) == (hashlib.sha256(content).hexdigest(), 3_000_000, None)


def test_reading_back_ends_when_the_run_is_cancelled() -> None:
    cancellation = Cancellation()
    cancellation.cancel()

    with pytest.raises(CancelledError):
        read_back(io.BytesIO(_tar()), NoCompressor(), cancellation=cancellation)


def test_the_listing_digest_is_what_a_person_gets_with_sort_and_sha256sum() -> None:
    digest = listing_digest({"shop/orders.ibd": 70_000, "ibdata1": 3000})

    assert digest == hashlib.sha256(b"3000 ibdata1\n70000 shop/orders.ibd\n").hexdigest()


def test_the_listing_digest_does_not_depend_on_the_order_and_does_on_every_size() -> None:
    assert listing_digest({"a": 1, "b": 2}) == listing_digest({"b": 2, "a": 1})
    assert listing_digest({"a": 1, "b": 2}) != listing_digest({"a": 1, "b": 3})


def test_forgetting_cached_pages_leaves_the_content_and_the_position(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(b"content")

    with path.open("rb") as file:
        forget_cached_pages(file)

        assert file.read() == b"content"


def test_header_that_claims_gigabytes_is_not_read_into_memory() -> None:
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 4 << 30

    with pytest.raises(VerificationError, match="header"):
        _read(long_name.tobuf(tarfile.GNU_FORMAT) + bytes(4096))


@pytest.mark.parametrize("length", [0, 1, 511, 512, 513, 1024])
def test_small_files_that_are_wanted_are_kept_whatever_their_length(length: int) -> None:
    files = {"top/ibdata1": b"i" * 3000, "top/xtrabackup_info": b"x" * length, "top/z.ibd": b"z" * 700}

    found = read_back(
        io.BytesIO(_tar(files)), NoCompressor(), cancellation=Cancellation(), wanted=("xtrabackup_info", "ibdata")
    )

    assert found.texts == {"xtrabackup_info": "x" * length}
    assert found.files == {path: len(content) for path, content in files.items()}


def test_file_that_is_wanted_and_large_is_not_kept() -> None:
    files = {"top/xtrabackup_info": b"x" * ((1 << 20) + 1)}

    found = read_back(io.BytesIO(_tar(files)), NoCompressor(), cancellation=Cancellation(), wanted=("xtrabackup_info",))

    assert found.texts == {}


def test_archive_that_is_no_tar_is_read_to_its_end(tmp_path: Path) -> None:
    content = _zstd(b"XBSTCK01" * 1000, tmp_path)

    found = read_through(io.BytesIO(content), ZstdCompressor(level=3, threads=1), cancellation=Cancellation())

    assert (found.sha256, found.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert found.files is None


def test_archive_of_nothing_is_refused() -> None:
    with pytest.raises(VerificationError, match="empty"):
        read_through(io.BytesIO(b""), NoCompressor(), cancellation=Cancellation())


def test_one_step_back_is_possible_and_two_are_not() -> None:
    reader = ForwardReader(io.BytesIO(b"abcdef"))
    assert reader.read(3) == b"abc"

    assert reader.seek(2) == 2
    assert reader.read(2) == b"cd"
    reader.seek(3)
    reader.seek(5)
    assert (reader.tell(), reader.read(1)) == (5, b"f")

    with pytest.raises(io.UnsupportedOperation):
        reader.seek(4)
