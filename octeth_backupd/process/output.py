"""Reading what a program prints: bytes to redacted lines, in a thread of its own."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING

from octeth_backupd.process.wakeup import Wakeup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from octeth_backupd.process.redaction import Redactor

TAIL_LINES = 200
MAXIMUM_LINE_BYTES = 64 * 1024
_READ_BYTES = 64 * 1024


class LineSplitter:
    r"""Cut a stream of bytes into lines.

    ``\n``, ``\r\n`` and a lone ``\r`` end a line (mariadb-backup and progress bars rewrite theirs); what is not UTF-8
    becomes U+FFFD; a line longer than 64 KiB comes in pieces.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Take bytes, yield the lines that are complete now."""
        held = b""
        buffered = self._rest + data
        if buffered.endswith(b"\r"):  # may be the first half of \r\n
            buffered, held = buffered[:-1], b"\r"
        *lines, rest = buffered.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        while len(rest) > MAXIMUM_LINE_BYTES:
            lines.append(rest[:MAXIMUM_LINE_BYTES])
            rest = rest[MAXIMUM_LINE_BYTES:]
        self._rest = rest + held
        for line in lines:
            yield line.decode(errors="replace")

    def finish(self) -> Iterator[str]:
        """Yield what stands after the last line end, if anything."""
        rest, self._rest = self._rest, b""
        if rest:
            yield rest.removesuffix(b"\r").decode(errors="replace")


class LineSink:
    """Redact lines, keep the last ones, hand each to a listener.

    A listener that raises is not called again; its error is kept, and ``on_failure`` told, so that the program can be
    ended and the error raised where somebody waits for it.
    """

    def __init__(
        self, redactor: Redactor, *, on_line: Callable[[str], None], on_failure: Callable[[], None] = lambda: None
    ) -> None:
        self._redactor = redactor
        self._on_line = on_line
        self.on_failure = on_failure
        self._tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.failure: BaseException | None = None

    def take(self, line: str) -> None:
        """Take one line, without its line end."""
        redacted = self._redactor.redact(line)
        self._tail.append(redacted)
        if self.failure is not None:
            return
        try:
            self._on_line(redacted)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for the program
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Keep an error for the waiting thread; the first one counts."""
        if self.failure is None:
            self.failure = error
            self.on_failure()

    @property
    def tail(self) -> tuple[str, ...]:
        """Return the last lines, oldest first."""
        return tuple(self._tail)


class OutputReader(threading.Thread):
    """Read a pipe to its end, or until told that nobody is left who would write to it."""

    def __init__(self, descriptor: int, sink: LineSink) -> None:
        super().__init__(name=f"output-{descriptor}", daemon=True)
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._sink = sink
        self._splitter = LineSplitter()
        self._finish = Wakeup()

    def run(self) -> None:
        """See threading.Thread.run."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._finish.fileno(), select.POLLIN)
        try:
            while self._read_available() and not self._finish.is_set:
                poll.poll()
            # A process outside the session may hold the pipe open for ever: take what is there and go.
            self._read_available()
            self._take(self._splitter.finish())
        except OSError as error:
            self._sink.fail(error)

    def finish(self) -> None:
        """Wait until everything that was written has been read. Call it when the writers have ended."""
        self._finish.set()
        self.join()
        self._finish.close()

    def _read_available(self) -> bool:
        """Read until the pipe is empty; return False at its end."""
        while True:
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:
                return True
            if not data:
                return False
            self._take(self._splitter.feed(data))

    def _take(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._sink.take(line)
