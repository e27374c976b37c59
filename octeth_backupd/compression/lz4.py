"""lz4, by the program of that name; it is read, for archives that somebody else made, and not written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.compression.feeder import Feeder
from octeth_backupd.compression.streams import CancellableSource, decoded
from octeth_backupd.errors import VerificationError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.process.host import HostRunner, PipedProgram

_PROGRAM = "lz4"


class Lz4Decompressor:
    """See Decompressor. The program says by its exit code that a stream is cut, damaged or goes on after its end.

    Args:
        host_runner: Runs it.
    """

    algorithm = "lz4"
    suffix = ".lz4"

    def __init__(self, *, host_runner: HostRunner) -> None:
        self._host_runner = host_runner

    @contextmanager
    def open(self, source: BinaryIO) -> Iterator[BinaryIO]:
        """See Decompressor.open.

        Raises:
            ProgramError: lz4 is not installed.
        """
        counted = CancellableSource(source, Cancellation())
        command = Command(program=_PROGRAM, arguments=("--decompress", "--stdout", "-q"))
        with (
            Feeder(counted) as feeder,
            self._host_runner.pipe(command, stdin=feeder.program_side) as program,
        ):
            feeder.start()
            with decoded(lambda: _Decoder(program, feeder, counted)) as plain:
                yield plain


class _Decoder:
    def __init__(self, program: PipedProgram, feeder: Feeder, source: CancellableSource) -> None:
        self._program = program
        self._feeder = feeder
        self._source = source
        self._is_finished = False

    def readinto(self, buffer: memoryview, /) -> int:
        if self._is_finished:
            return 0
        count = int(self._program.stdout.readinto(buffer))  # type: ignore[attr-defined]
        if count == 0:
            self._finish()
        return count

    def _finish(self) -> None:
        self._is_finished = True
        completed = self._program.wait()
        self._feeder.raise_failure()
        if not self._source.read_bytes:  # the program takes nothing at all for an empty stream
            raise VerificationError("the lz4 stream is cut: it is empty", hint="Take a new backup.")
        if completed.exit_code != 0:
            said = completed.output[-1] if completed.output else f"exit code {completed.exit_code}"
            raise VerificationError(f"the lz4 stream is cut or damaged: {said}", hint="Take a new backup.")
