"""gzip: written by pigz where it is installed, on all cores; else by zlib on one. Read by zlib."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.compression.feeder import Feeder
from octeth_backupd.compression.streams import CHUNK_BYTES, CancellableSource, decoded
from octeth_backupd.errors import ProgramError, VerificationError
from octeth_backupd.process.command import Command

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from octeth_backupd.compression.base import Sink
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.host import HostRunner

_GZIP_FORMAT = 16 + zlib.MAX_WBITS
_PROGRAM = "pigz"
_MAGIC = b"\x1f\x8b"


class GzipCompressor:
    """See Compressor.

    Args:
        level: 1 to 9.
        threads: Of pigz.
        host_runner: Runs it.
    """

    algorithm = "gzip"
    suffix = ".gz"

    def __init__(self, *, level: int, threads: int, host_runner: HostRunner) -> None:
        self._level = level
        self._threads = threads
        self._host_runner = host_runner

    def compress(self, source: BinaryIO, sink: Sink, *, cancellation: Cancellation) -> int:
        """See Compressor.compress."""
        counted = CancellableSource(source, cancellation)
        if self._host_runner.finds(_PROGRAM):
            self._compress_by_program(counted, sink, cancellation)
        else:
            self._compress_here(counted, sink)
        # A cancelled producer looks like one that has finished.
        cancellation.raise_if_cancelled()
        return counted.read_bytes

    def open(self, source: BinaryIO) -> AbstractContextManager[BinaryIO]:
        """See Compressor.open."""
        return decoded(lambda: _Decoder(source))

    def _compress_here(self, source: CancellableSource, sink: Sink) -> None:
        compressor = zlib.compressobj(self._level, zlib.DEFLATED, _GZIP_FORMAT)
        while data := source.read():
            sink.write(compressor.compress(data))
        sink.write(compressor.flush())

    def _compress_by_program(self, source: CancellableSource, sink: Sink, cancellation: Cancellation) -> None:
        command = Command(
            program=_PROGRAM,
            arguments=("--stdout", "--no-name", f"-{self._level}", "--processes", str(self._threads)),
        )
        with (
            Feeder(source) as feeder,
            self._host_runner.pipe(command, stdin=feeder.program_side, cancellation=cancellation) as program,
        ):
            feeder.start()
            while data := program.stdout.read(CHUNK_BYTES):
                sink.write(data)
            completed = program.wait()
        feeder.raise_failure()
        if completed.exit_code != 0:
            said = completed.output[-1] if completed.output else "nothing"
            raise ProgramError(f"{_PROGRAM} ended with {completed.exit_code} and said: {said}")


class _Decoder:
    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._member = zlib.decompressobj(_GZIP_FORMAT)
        self._input = b""

    def readinto(self, buffer: memoryview, /) -> int:
        while True:
            if not self._input:
                self._input = self._source.read(CHUNK_BYTES)
                if not self._input:
                    return self._finish()
            if self._member.eof:
                self._begin_member()
            data = self._decompress(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)

    def _decompress(self, maximum: int) -> bytes:
        try:
            data = self._member.decompress(self._input, maximum)
        except zlib.error as error:
            raise VerificationError(f"the gzip stream is damaged: {error}", hint="Take a new backup.") from error
        self._input = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
        return data

    def _begin_member(self) -> None:
        if not self._input.startswith(_MAGIC[: len(self._input)]):
            raise VerificationError("bytes follow the end of the gzip stream", hint="Take a new backup.")
        self._member = zlib.decompressobj(_GZIP_FORMAT)

    def _finish(self) -> int:
        if not self._member.eof:
            raise VerificationError("the gzip stream is cut: it ends before its end mark", hint="Take a new backup.")
        return 0
