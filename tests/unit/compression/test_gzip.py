"""compression.gzip: what the contract suite of compressors does not say."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from octeth_backupd.compression.gzip import GzipCompressor
from octeth_backupd.errors import ProgramError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.host import HostRunner
from octeth_backupd.process.mark import RunMark
from octeth_backupd.process.redaction import Redactor


def _compressor(directory: Path, script: str) -> GzipCompressor:
    """Return a compressor whose pigz is a script."""
    program = directory / "pigz"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    runner = HostRunner(mark=RunMark("i", "r"), redactor=Redactor(), path=f"{directory}:/usr/bin:/bin")
    return GzipCompressor(level=7, threads=3, host_runner=runner)


def _compress(compressor: GzipCompressor, content: bytes) -> bytes:
    sink = io.BytesIO()
    compressor.compress(io.BytesIO(content), sink, cancellation=Cancellation())
    return sink.getvalue()


def test_program_gets_level_and_threads_and_writes_no_name(tmp_path: Path) -> None:
    packed = _compress(_compressor(tmp_path, 'cat > /dev/null; echo "$@"'), b"content")

    assert packed.decode().split() == ["--stdout", "--no-name", "-7", "--processes", "3"]


def test_exit_code_counts_even_after_all_was_written(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="pigz ended with 3 and said: abort: too tired"):
        _compress(_compressor(tmp_path, "cat; echo 'abort: too tired' >&2; exit 3"), b"content")


def test_program_that_ends_early_is_an_error_and_no_hang(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match="pigz ended with 1"):
        _compress(_compressor(tmp_path, "exit 1"), b"x" * 5_000_000)


def test_program_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    compressor = _compressor(tmp_path, "")
    (tmp_path / "pigz").write_text("#!/nonexistent/interpreter\n")

    with pytest.raises(ProgramError, match="cannot be started"):
        _compress(compressor, b"content")
