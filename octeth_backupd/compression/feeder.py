"""Handing a stream of ours to a program's standard input."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, BinaryIO, Self

if TYPE_CHECKING:
    from octeth_backupd.compression.streams import CancellableSource


class Feeder:
    """Hands a source to a program's standard input, so that its bytes can be counted.

    Enter it before the program and leave it after the program has ended: only that frees a thread that waits to write.
    """

    def __init__(self, source: CancellableSource) -> None:
        self._source = source
        reading, writing = os.pipe()
        self.program_side: BinaryIO = os.fdopen(reading, "rb")
        self._our_side: BinaryIO = os.fdopen(writing, "wb")
        self._thread = threading.Thread(target=self._feed, name="program-feeder", daemon=True)
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.program_side.close()
        if self._thread.ident is not None:
            self._thread.join()
        else:
            self._our_side.close()

    def start(self) -> None:
        """Begin; the program holds its side by now."""
        self.program_side.close()
        self._thread.start()

    def raise_failure(self) -> None:
        """Raise what reading the source raised: to the program it looked like the end of the data."""
        if self._failure is not None:
            raise self._failure

    def _feed(self) -> None:
        with contextlib.suppress(BrokenPipeError), self._our_side:  # the program has ended; its exit code says why
            try:
                while data := self._source.read():
                    self._our_side.write(data)
            except BrokenPipeError:
                return
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for the program
                self._failure = error  # before the program can see the end of the data, and end
