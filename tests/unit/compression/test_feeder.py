"""compression.feeder."""

from __future__ import annotations

import io
import os

import pytest

from octeth_backupd.compression.feeder import Feeder
from octeth_backupd.compression.streams import CancellableSource
from octeth_backupd.process.cancellation import Cancellation


def _feeder(source: io.BytesIO) -> Feeder:
    return Feeder(CancellableSource(source, Cancellation()))


def test_program_reads_all_that_the_source_holds() -> None:
    with _feeder(io.BytesIO(b"row" * 100)) as feeder:
        inherited = io.FileIO(os.dup(feeder.program_side.fileno()))  # as a program inherits it
        feeder.start()
        with inherited:
            content = inherited.readall()

    assert content == b"row" * 100


def test_failure_of_the_source_is_raised_to_whoever_waits_for_the_program() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with _feeder(Broken()) as feeder:
        feeder.start()
        feeder._thread.join()

        with pytest.raises(OSError, match="Input/output error"):
            feeder.raise_failure()


def test_failure_of_the_source_is_known_before_the_program_sees_the_end() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    for _ in range(50):
        with _feeder(Broken()) as feeder, io.FileIO(os.dup(feeder.program_side.fileno())) as inherited:
            feeder.start()
            inherited.readall()

            with pytest.raises(OSError, match="Input/output error"):
                feeder.raise_failure()


def test_program_that_never_started_leaves_nothing_open() -> None:
    with _feeder(io.BytesIO(b"row")) as feeder:
        pass

    assert feeder.program_side.closed
