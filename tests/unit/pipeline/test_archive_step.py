"""Packing a directory: by the real tar, into one file with the digest of its bytes."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest

from octeth_backupd.compression.none import NoCompressor
from octeth_backupd.compression.zstd import ZstdCompressor
from octeth_backupd.errors import CancelledError, ProgramError, SpaceError, StorageError
from octeth_backupd.pipeline.archive_step import tar_command, write_archive
from octeth_backupd.pipeline.readback import read_back
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from octeth_backupd.compression.base import Compressor, Sink
    from octeth_backupd.pipeline.archive_step import Archive


def _runner(path: str | None = None) -> HostRunner:
    return HostRunner(mark=RunMark("0" * 32, "r1"), redactor=Redactor(), path=path)


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """A directory as it is archived."""
    directory = tmp_path / "octeth-backup-x"
    (directory / "shop").mkdir(parents=True)
    (directory / "shop" / "orders.ibd").write_bytes(b"o" * 100_000)
    (directory / "ibdata1").write_bytes(b"i" * 5000)
    return directory


def _write(
    prepared: Path,
    *,
    compressor: Compressor | None = None,
    runner: HostRunner | None = None,
    cancellation: Cancellation | None = None,
    lines: list[str] | None = None,
) -> Archive:
    return write_archive(
        prepared,
        prepared.parent / ".x.partial",
        name="x.tar",
        compressor=compressor or NoCompressor(),
        host_runner=runner or _runner(),
        on_line=(lines if lines is not None else []).append,
        cancellation=cancellation or Cancellation(),
    )


def test_the_archive_holds_the_directory_and_says_its_digest(prepared: Path) -> None:
    archive = _write(prepared, compressor=ZstdCompressor(level=1, threads=1))

    content = archive.path.read_bytes()
    found = read_back(io.BytesIO(content), ZstdCompressor(level=1, threads=1), cancellation=Cancellation())
    assert found.files == {"octeth-backup-x/shop/orders.ibd": 100_000, "octeth-backup-x/ibdata1": 5000}
    assert (archive.facts.sha256, archive.facts.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert archive.facts.stages == {"tar": 0, "zstd": 0}
    assert archive.facts.archived_bytes > 105_000
    assert archive.path.stat().st_mode & 0o777 == 0o600


def test_the_same_directory_makes_the_same_archive(prepared: Path) -> None:
    first = _write(prepared)
    first.path.unlink()

    assert _write(prepared).facts.sha256 == first.facts.sha256


def test_members_are_in_order_beneath_one_directory_whose_name_may_begin_with_a_dash(tmp_path: Path) -> None:
    directory = tmp_path / "-x"
    directory.mkdir()
    for name in ("b", "a", "c"):
        (directory / name).write_text(name)

    archive = _write(directory)

    with tarfile.open(archive.path) as tar:
        assert tar.getnames() == ["-x", "-x/a", "-x/b", "-x/c"]


def test_the_command_ends_its_options_before_the_name() -> None:
    assert tar_command(Path("/w"), "top").arguments[-3:] == ("--directory=/w", "--", "top")


def test_a_tar_that_fails_is_evidence_and_its_words_are_passed_on(prepared: Path) -> None:
    shutil.rmtree(prepared)
    lines: list[str] = []

    archive = _write(prepared, lines=lines)

    assert archive.facts.stages["tar"] == 2
    assert any("octeth-backup-x" in line for line in lines)


def test_a_file_that_is_there_is_never_overwritten(prepared: Path) -> None:
    (prepared.parent / ".x.partial").write_text("somebody else's")

    with pytest.raises(StorageError, match="exists already"):
        _write(prepared)

    assert (prepared.parent / ".x.partial").read_text() == "somebody else's"


def test_a_missing_tar_is_named(prepared: Path) -> None:
    with pytest.raises(ProgramError, match="tar is not installed"):
        _write(prepared, runner=_runner("/nonexistent"))


def test_a_full_disk_is_told_as_such(prepared: Path) -> None:
    class Full(NoCompressor):
        def compress(self, source: BinaryIO, sink: Sink, *, cancellation: Cancellation) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(SpaceError, match="no space left"):
        _write(prepared, compressor=Full())


def test_a_cancelled_run_stops_packing(prepared: Path) -> None:
    cancellation = Cancellation()

    class CancelledMeanwhile(NoCompressor):
        def compress(self, source: BinaryIO, sink: Sink, *, cancellation: Cancellation) -> int:
            cancellation.cancel()
            return super().compress(source, sink, cancellation=cancellation)

    with pytest.raises(CancelledError):
        _write(prepared, compressor=CancelledMeanwhile(), cancellation=cancellation)
