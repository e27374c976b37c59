"""A process that ends before its n-th change to the file system, without leaving the test's own process.

From the chosen call on every further one fails too, so that no ``finally`` or ``except`` can tidy up what a killed
process would have left. Moments between two system calls are all there is to a SIGKILL as far as the disk can tell.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from octeth_backupd.process import exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHANGING = ("chmod", "chown", "fchmod", "fsync", "link", "mkdir", "remove", "rename", "replace", "rmdir", "unlink")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class SuddenDeathError(BaseException):
    """The process is dead; nothing catches this."""


class Changes:
    """The changes to the file system so far."""

    def __init__(self, *, die_before: int | None, sync: bool) -> None:
        self.number = 0
        self._die_before = die_before
        self._sync = sync

    def wrap(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the call with a count and an end."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            if name == "open" and not args[1] & _WRITING:
                return call(*args, **kwargs)
            self.number += 1
            if self._die_before is not None and self.number >= self._die_before:
                raise SuddenDeathError(name)
            if name == "fsync" and not self._sync:
                return None
            return call(*args, **kwargs)

        return counted


def is_killed(operation: Callable[[], object], *, before: int) -> bool:
    """Return whether an operation came to its n-th change, and was killed before it, rather than to its end."""
    try:
        with sudden_death(before=before):
            operation()
    except SuddenDeathError:
        return True
    return False


@contextmanager
def sudden_death(*, before: int | None, sync: bool = False) -> Iterator[Changes]:
    """Let the block end with SuddenDeathError before its n-th change; with None only count.

    Args:
        before: Counted from 1.
        sync: Really put things on the disk, which is slow and makes no difference to who looks from here.
    """
    changes = Changes(die_before=before, sync=sync)
    with ExitStack() as stack:
        stack.enter_context(patch.object(exchange, "_rename", changes.wrap("renameat2", exchange._rename)))
        for name in (*_CHANGING, "open"):
            stack.enter_context(patch.object(os, name, changes.wrap(name, getattr(os, name))))
        yield changes
