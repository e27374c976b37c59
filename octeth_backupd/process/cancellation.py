"""Ending a run from outside: one token per run, handed down to everything that takes long."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Cancellation:
    """A run's token: cancelled at most once, by anybody, with the error that the run shall end with."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._reason: BackupdError | None = None
        self._callbacks: list[Callable[[], None]] = []

    def cancel(self, reason: BackupdError | None = None) -> bool:
        """Ask everything under this token to end.

        Args:
            reason: The error the run ends with; a plain CancelledError when None.

        Returns:
            False when it had been cancelled before: the first reason stands.
        """
        with self._lock:
            if self._event.is_set():
                return False
            self._reason = reason or CancelledError("cancelled")
            self._event.set()
            callbacks = list(self._callbacks)
        with ExitStack() as stack:  # one that fails does not keep the others from being called
            for callback in reversed(callbacks):
                stack.callback(callback)
        return True

    @property
    def is_cancelled(self) -> bool:
        """Return whether the token was cancelled."""
        return self._event.is_set()

    @property
    def reason(self) -> BackupdError | None:
        """Return the error to end with, or None while not cancelled."""
        return self._reason

    def wait(self, timeout_seconds: float) -> bool:
        """Sleep until cancelled or until the time is over; return whether cancelled."""
        return self._event.wait(timeout_seconds)

    def raise_if_cancelled(self) -> None:
        """Raise the reason when cancelled.

        Raises:
            BackupdError: Whatever ``cancel`` was given.
        """
        if self._reason is not None:
            raise self._reason

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call ``callback`` once, from the cancelling thread, if the token is cancelled within the block.

        When it is cancelled already the callback runs at once.
        """
        with self._lock:
            self._callbacks.append(callback)
            already = self._event.is_set()
        try:
            if already:
                callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
