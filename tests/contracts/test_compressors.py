"""What every ``compression.base.Compressor`` must do."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest

from octeth_backupd.compression.gzip import GzipCompressor
from octeth_backupd.compression.none import NoCompressor
from octeth_backupd.compression.zstd import ZstdCompressor
from octeth_backupd.errors import CancelledError, SpaceError, VerificationError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from octeth_backupd.compression.base import Compressor

CONTENT = b"".join(f"row {number}: {number * number % 9973}\n".encode() for number in range(200_000))


def _runner(path: str | None = None) -> HostRunner:
    return HostRunner(mark=RunMark("installation", "run"), redactor=Redactor(), path=path)


def _compressors() -> dict[str, Compressor]:
    return {
        "zstd": ZstdCompressor(level=3, threads=2),
        "zstd-one-thread": ZstdCompressor(level=1, threads=1),
        "gzip-pigz": GzipCompressor(level=6, threads=2, host_runner=_runner()),
        "gzip-without-pigz": GzipCompressor(level=6, threads=2, host_runner=_runner("/nonexistent")),
        "none": NoCompressor(),
    }


WITH_END_MARK = [name for name in _compressors() if name != "none"]


@pytest.fixture(params=list(_compressors()))
def compressor(request: pytest.FixtureRequest) -> Compressor:
    return _compressors()[request.param]


@pytest.fixture(params=WITH_END_MARK)
def marking(request: pytest.FixtureRequest) -> Compressor:
    """A compressor whose streams say where they end."""
    return _compressors()[request.param]


@pytest.fixture(scope="module")
def packed() -> dict[str, bytes]:
    """The content as each compressor packs it."""
    return {
        f"{compressor.algorithm}{compressor.suffix}": _compress(compressor, CONTENT)
        for compressor in _compressors().values()
    }


def _compress(compressor: Compressor, content: bytes) -> bytes:
    sink = io.BytesIO()
    compressor.compress(io.BytesIO(content), sink, cancellation=Cancellation())
    return sink.getvalue()


def _read(compressor: Compressor, data: bytes) -> bytes:
    with compressor.open(io.BytesIO(data)) as plain:
        return plain.read()


def _packed(compressor: Compressor, packed: dict[str, bytes]) -> bytes:
    return packed[f"{compressor.algorithm}{compressor.suffix}"]


def test_content_comes_back(compressor: Compressor) -> None:
    assert _read(compressor, _compress(compressor, CONTENT)) == CONTENT


def test_empty_content_comes_back(compressor: Compressor) -> None:
    assert _read(compressor, _compress(compressor, b"")) == b""


def test_bytes_read_are_counted(compressor: Compressor, tmp_path: Path) -> None:
    path = tmp_path / "content"
    path.write_bytes(CONTENT)

    with path.open("rb") as source:
        count = compressor.compress(source, io.BytesIO(), cancellation=Cancellation())

    assert count == len(CONTENT)


def test_output_of_a_program_is_packed_while_it_comes(compressor: Compressor) -> None:
    sink = io.BytesIO()

    with _runner().pipe(Command(program="seq", arguments=("1", "100000"))) as program:
        compressor.compress(program.stdout, sink, cancellation=Cancellation())
        completed = program.wait()

    assert completed.exit_code == 0
    assert _read(compressor, sink.getvalue()).splitlines()[-1] == b"100000"


def test_given_streams_stay_open(compressor: Compressor) -> None:
    source, sink = io.BytesIO(CONTENT), io.BytesIO()

    compressor.compress(source, sink, cancellation=Cancellation())
    sink.seek(0)
    with compressor.open(sink) as plain:
        plain.read()

    assert not source.closed
    assert not sink.closed


def test_error_of_the_sink_comes_through(compressor: Compressor) -> None:
    class Full:
        def write(self, data: bytes, /) -> int:
            raise SpaceError(f"no space for {len(data)} bytes")

    with pytest.raises(SpaceError):
        compressor.compress(io.BytesIO(CONTENT), Full(), cancellation=Cancellation())


def test_error_of_the_source_comes_through(compressor: Compressor) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        compressor.compress(Broken(), io.BytesIO(), cancellation=Cancellation())


def test_cancellation_ends_it_in_the_middle(compressor: Compressor) -> None:
    cancellation = Cancellation()

    class Endless(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            self.reads = getattr(self, "reads", 0) + 1
            if self.reads == 3:
                cancellation.cancel()
            return os.urandom(100_000)

    with pytest.raises(CancelledError):
        compressor.compress(Endless(), io.BytesIO(), cancellation=cancellation)


def test_producer_that_was_cancelled_is_not_taken_for_one_that_finished(compressor: Compressor) -> None:
    cancellation = Cancellation()

    class EndsWhenCancelled(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            cancellation.cancel()
            return b""

    with pytest.raises(CancelledError):
        compressor.compress(EndsWhenCancelled(), io.BytesIO(), cancellation=cancellation)


@pytest.mark.parametrize("cut_bytes", [1, 2, 4, 5, 8, 9, 100, 5000])
def test_cut_stream_is_an_error(marking: Compressor, packed: dict[str, bytes], cut_bytes: int) -> None:
    whole = _packed(marking, packed)

    with pytest.raises(VerificationError, match="cut"):
        _read(marking, whole[:-cut_bytes])


def test_stream_cut_in_its_first_bytes_is_an_error(marking: Compressor, packed: dict[str, bytes]) -> None:
    for length in range(20):
        with pytest.raises(VerificationError):
            _read(marking, _packed(marking, packed)[:length])


def test_cut_is_noticed_even_when_the_reader_has_seen_enough(marking: Compressor, packed: dict[str, bytes]) -> None:
    with (
        pytest.raises(VerificationError),
        marking.open(io.BytesIO(_packed(marking, packed)[:-1])) as plain,
    ):
        assert plain.read(5) == CONTENT[:5]


def test_bytes_after_the_end_are_an_error(marking: Compressor, packed: dict[str, bytes]) -> None:
    for trailer in (b"x", b"\0", b"garbage that goes on"):
        with pytest.raises(VerificationError):
            _read(marking, _packed(marking, packed) + trailer)


def test_damage_is_an_error(marking: Compressor, packed: dict[str, bytes]) -> None:
    damaged = bytearray(_packed(marking, packed))
    damaged[len(damaged) // 2] ^= 0x10

    with pytest.raises(VerificationError):
        _read(marking, bytes(damaged))


def test_damage_in_the_checksum_is_an_error(marking: Compressor, packed: dict[str, bytes]) -> None:
    damaged = bytearray(_packed(marking, packed))
    damaged[-6 if marking.algorithm == "gzip" else -2] ^= 0x10

    with pytest.raises(VerificationError):
        _read(marking, bytes(damaged))


def test_error_of_the_reader_comes_through_unchanged(compressor: Compressor, packed: dict[str, bytes]) -> None:
    source = io.BytesIO(_packed(compressor, packed))

    with pytest.raises(LookupError, match="not there"), compressor.open(source):
        raise LookupError("not there")


def test_highly_compressible_content_does_not_fill_the_memory(marking: Compressor) -> None:
    zeros = _compress(marking, bytes(64 << 20))

    with marking.open(io.BytesIO(zeros)) as plain:
        total = sum(len(chunk) for chunk in iter(lambda: plain.read(1 << 20), b""))

    assert total == 64 << 20


@pytest.mark.parametrize(
    ("name", "program"),
    [("zstd", "zstd"), ("zstd-one-thread", "zstd"), ("gzip-pigz", "gzip"), ("gzip-without-pigz", "gzip")],
)
def test_the_usual_program_reads_what_was_written(name: str, program: str, packed: dict[str, bytes]) -> None:
    executable = shutil.which(program)
    assert executable, f"{program} is needed for the tests: apt-get install {program}"

    result = subprocess.run([executable, "-dc"], input=_packed(_compressors()[name], packed), capture_output=True)

    assert result.returncode == 0, result.stderr
    assert result.stdout == CONTENT


@pytest.mark.parametrize(("name", "program"), [("zstd", "zstd"), ("gzip-pigz", "gzip")])
def test_what_the_usual_program_wrote_is_read(name: str, program: str) -> None:
    executable = shutil.which(program)
    assert executable, f"{program} is needed for the tests: apt-get install {program}"
    packed = subprocess.run([executable, "-c"], input=CONTENT, capture_output=True, check=True).stdout

    assert _read(_compressors()[name], packed) == CONTENT


def test_two_streams_one_after_the_other_are_one(marking: Compressor, packed: dict[str, bytes]) -> None:
    assert _read(marking, _packed(marking, packed) * 2) == CONTENT * 2


def test_reader_is_a_file_for_other_libraries(compressor: Compressor, packed: dict[str, bytes]) -> None:
    with compressor.open(io.BytesIO(_packed(compressor, packed))) as plain:
        first, rest = plain.read(10), _drain(plain)

    assert first + rest == CONTENT


def _drain(plain: BinaryIO) -> bytes:
    return b"".join(iter(lambda: plain.read(4096), b""))
