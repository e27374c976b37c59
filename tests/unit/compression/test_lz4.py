"""compression.lz4: what the program of that name wrote is read, and nothing else."""

from __future__ import annotations

import io
import shutil
import subprocess

import pytest

from octeth_backupd.compression.lz4 import Lz4Decompressor
from octeth_backupd.errors import ProgramError, VerificationError
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor

CONTENT = b"".join(f"row {number}: {number * number % 9973}\n".encode() for number in range(100_000))


def _decompressor(path: str | None = None) -> Lz4Decompressor:
    return Lz4Decompressor(host_runner=HostRunner(mark=RunMark("installation", "run"), redactor=Redactor(), path=path))


@pytest.fixture(scope="module")
def packed() -> bytes:
    program = shutil.which("lz4")
    assert program, "lz4 is needed for the tests: apt-get install lz4"
    return subprocess.run([program, "-c"], input=CONTENT, capture_output=True, check=True).stdout


def _read(data: bytes) -> bytes:
    with _decompressor().open(io.BytesIO(data)) as plain:
        return plain.read()


def test_what_the_program_wrote_is_read(packed: bytes) -> None:
    assert _read(packed) == CONTENT


def test_two_streams_one_after_the_other_are_one(packed: bytes) -> None:
    assert _read(packed * 2) == CONTENT * 2


@pytest.mark.parametrize("cut_bytes", [1, 2, 4, 5, 8, 9, 100, 5000])
def test_cut_stream_is_an_error(packed: bytes, cut_bytes: int) -> None:
    with pytest.raises(VerificationError, match="cut"):
        _read(packed[:-cut_bytes])


@pytest.mark.parametrize("length", [0, 1, 4, 6, 7, 15])
def test_stream_cut_in_its_first_bytes_is_an_error(packed: bytes, length: int) -> None:
    with pytest.raises(VerificationError, match="cut"):
        _read(packed[:length])


def test_cut_is_noticed_even_when_the_reader_has_seen_enough(packed: bytes) -> None:
    with pytest.raises(VerificationError), _decompressor().open(io.BytesIO(packed[:-1])) as plain:
        assert plain.read(5) == CONTENT[:5]


@pytest.mark.parametrize("trailer", [b"x", b"\0", b"garbage that goes on"])
def test_bytes_after_the_end_are_an_error(packed: bytes, trailer: bytes) -> None:
    with pytest.raises(VerificationError):
        _read(packed + trailer)


def test_damage_is_an_error(packed: bytes) -> None:
    damaged = bytearray(packed)
    damaged[len(damaged) // 2] ^= 0x10

    with pytest.raises(VerificationError):
        _read(bytes(damaged))


def test_error_of_the_source_comes_through() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"), _decompressor().open(Broken()) as plain:
        plain.read()


def test_error_of_the_reader_comes_through_unchanged(packed: bytes) -> None:
    with pytest.raises(LookupError, match="not there"), _decompressor().open(io.BytesIO(packed)):
        raise LookupError("not there")


def test_given_stream_stays_open(packed: bytes) -> None:
    source = io.BytesIO(packed)

    with _decompressor().open(source) as plain:
        plain.read()

    assert not source.closed


def test_missing_program_is_named_with_its_package(packed: bytes) -> None:
    with (
        pytest.raises(ProgramError, match="lz4 is not installed") as caught,
        _decompressor("/nonexistent").open(io.BytesIO(packed)),
    ):
        pass

    assert "apt-get install lz4" in caught.value.hint
