"""uvicorn's HTTP/1.1 connection, made fit for a Unix socket of a root process.

Adds what uvicorn leaves out: who the peer is, deadlines for slow readers and writers, a cap on connections, and errors
of the protocol as JSON. Imported by the control server only.
"""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

from octeth_backupd.control.limits import Limits
from octeth_backupd.control.peers import read_peer
from octeth_backupd.control.refusals import error_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.control.access import Access

_log = structlog.get_logger("control")

PEER_KEY = "octeth_backupd.peer"
"""Where the request's scope holds the ``Peer``."""


class ControlProtocol(H11Protocol):
    """One connection of a client."""

    limits: ClassVar[Limits] = Limits()
    access: ClassVar[Access]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Find out who connected, and whether there is room."""
        self._reading = _Deadline(self.loop, self.limits.read_seconds, self._read_too_slowly)
        self._writing = _Deadline(self.loop, self.limits.write_seconds, transport.abort)
        super().connection_made(transport)
        try:
            peer = read_peer(transport.get_extra_info("socket"))
        except OSError:
            transport.abort()
            return
        inner = self.app

        async def with_peer(scope: Any, receive: Any, send: Any) -> None:
            scope[PEER_KEY] = peer
            await inner(scope, receive, send)

        self.app = with_peer
        if len(self.connections) > self.limits.connections and not self.access.is_owner(peer):
            _log.warning("control.too_many_connections", uid=peer.uid, pid=peer.pid)
            self._refuse(503, "busy", "too many connections", "Try again when other clients have ended.")
            return
        self._reading.arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._reading.disarm()
        self._writing.disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass bytes on, and keep the deadline running until a request is whole."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.conn.their_state in {h11.IDLE, h11.SEND_BODY} and not self.transport.is_closing():
            self._reading.arm()
        else:
            self._reading.disarm()

    def pause_writing(self) -> None:
        """Begin to lose patience with a client that does not read."""
        super().pause_writing()
        self._writing.arm()

    def resume_writing(self) -> None:
        """It reads again."""
        self._writing.disarm()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answer what is no HTTP; called by uvicorn within its except clause."""
        error = sys.exc_info()[1]
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431:
            self._refuse(431, "invalid_request", "the request's headers are too long", "")
        else:
            self._refuse(400, "invalid_request", "this is no valid HTTP request", "Talk HTTP/1.1 to this socket.")

    def _read_too_slowly(self) -> None:
        self._refuse(408, "invalid_request", "the request did not arrive in time", "")

    def _refuse(self, status: int, code: str, message: str, hint: str) -> None:
        """End the connection with an error; silently when an answer is on its way already."""
        body = error_body(code, message, hint)
        response = h11.Response(
            status_code=status,
            headers=[
                ("content-type", "application/json"),
                ("content-length", str(len(body))),
                ("connection", "close"),
            ],
            reason=HTTPStatus(status).phrase,
        )
        try:
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:
            self.transport.abort()
            return
        self.transport.close()


def protocol_class(*, limits: Limits, access: Access) -> type[ControlProtocol]:
    """Return the protocol bound to a server's limits; uvicorn makes the instances itself."""
    return type("BoundControlProtocol", (ControlProtocol,), {"limits": limits, "access": access})


class _Deadline:
    """A timer that is started once and can be called off."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._seconds = seconds
        self._callback = callback
        self._timer: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """Begin to wait; a wait that has begun is not prolonged."""
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._callback)

    def disarm(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
