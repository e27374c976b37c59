"""Who reads our output may leave before its end, as ``head`` does: no error, and nothing to complain about."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

READER_LEFT = 141
"""128 and the number of SIGPIPE: what a shell reports of any program that is ended so."""


def until_reader_leaves(program: Callable[[], int]) -> int:
    """Run a program's main function and return its exit code, ``READER_LEFT`` where nobody reads its output any more.

    Raises:
        BrokenPipeError: Something else was written to than standard output and error.
    """
    try:
        try:
            return program()
        finally:
            # Python itself flushes too late for anybody to answer it.
            _flush()
    except BrokenPipeError:
        left = [stream for stream in (sys.stdout, sys.stderr) if _has_left(stream)]
        if not left:
            raise
        for stream in left:  # or Python complains once more when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return READER_LEFT


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _has_left(stream: TextIO | None) -> bool:
    """Return whether nobody reads the pipe or socket that a stream is, as the kernel sees it."""
    try:
        descriptor = -1 if stream is None else stream.fileno()
    except io.UnsupportedOperation:  # a stream of this process
        return False
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
