"""Waking a thread that waits in poll()."""

from __future__ import annotations

import os
import threading


class Wakeup:
    """A flag with a file descriptor. Setting it after it was closed does nothing.

    The last matters: a cancellation calls back from another thread, perhaps a moment after nobody waits any more, and
    the descriptor's number may by then belong to somebody else.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._set = False

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when the flag is set."""
        return self._descriptor

    @property
    def is_set(self) -> bool:
        """Return whether it was set."""
        return self._set

    def set(self) -> None:
        """Wake the waiting thread; for good."""
        with self._lock:
            if self._descriptor >= 0 and not self._set:
                self._set = True
                os.eventfd_write(self._descriptor, 1)

    def close(self) -> None:
        """Give the descriptor back."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
