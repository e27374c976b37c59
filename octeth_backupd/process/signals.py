"""Requests to end that wait until what must not be cut off is over."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_REQUESTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def deferred_requests() -> Iterator[None]:
    """Let Ctrl-C, TERM and the loss of the terminal wait until the end of the block, where the first one arrives.

    In another thread than the main one, which no signal interrupts, nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    before = {number: signal.signal(number, lambda came, _frame: arrived.append(came)) for number in _REQUESTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: what was there is not Python's, and cannot be put back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if arrived:
            signal.raise_signal(arrived[0])
