"""Calls of the blocking services from the event loop, in threads; the slow ones cannot take the quick ones' threads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.control.limits import Limits
    from octeth_backupd.control.services import Services

_Value = TypeVar("_Value")

_QUICK_THREADS = 16
_SLOW_THREADS = 2
_STREAM_THREADS = 16


class Calls:
    """The way from a route to the daemon's services.

    Attributes:
        stopping: Set when the server is about to stop; event streams end then.
    """

    def __init__(self, services: Services, limits: Limits) -> None:
        self.services = services
        self.limits = limits
        self.stopping = threading.Event()
        self._quick = CapacityLimiter(_QUICK_THREADS)
        self._slow = CapacityLimiter(_SLOW_THREADS)
        self._streams = CapacityLimiter(_STREAM_THREADS)

    async def quick(self, function: Callable[[], _Value]) -> _Value:
        """Run what answers at once."""
        return await to_thread.run_sync(function, limiter=self._quick, abandon_on_cancel=True)

    async def slow(self, function: Callable[[], _Value]) -> _Value:
        """Run what may take a minute."""
        return await to_thread.run_sync(function, limiter=self._slow, abandon_on_cancel=True)

    async def stream(self, function: Callable[[], _Value]) -> _Value:
        """Run one short wait of an event stream."""
        return await to_thread.run_sync(function, limiter=self._streams, abandon_on_cancel=True)


def calls_of(request: Request) -> Calls:
    """Return the server's calls; FastAPI gives it to the routes."""
    calls: Calls = request.app.state.calls
    return calls


CallsHere = Annotated[Calls, Depends(calls_of)]
