"""One client's connection to the fault proxy: what it asks is forwarded, or becomes what a fault makes of it."""

from __future__ import annotations

import fcntl
import select
import socket
import struct
import sys
import termios
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NoReturn
from xml.sax.saxutils import escape

import h11

from tests.environment.proxy_rules import (
    Answer,
    ClockSkew,
    CorruptAnswer,
    CutAnswer,
    Delay,
    Fault,
    Moment,
    Reset,
    SeenRequest,
    SlowDrip,
    WrongETag,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

_RECEIVE_BYTES: Final = 256 << 10
_BACKEND_SECONDS: Final = 600.0
_RECEIVED_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.005
_DRIPS_PER_SECOND: Final = 20
_OF_ONE_HOP: Final = {b"connection", b"keep-alive", b"proxy-connection", b"expect"}
"""Headers that concern a connection and not a request; the proxy answers Expect itself."""


class _ResetError(Exception):
    """The client's connection is to be reset."""


class _ClosedError(Exception):
    """The client's connection is to be closed in an orderly way, in the middle of an answer."""


def reset(connection: socket.socket) -> None:
    """Close a connection so that the other end sees a reset."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def sever(connection: socket.socket) -> None:
    """End a connection that another thread uses: its waits end, and it is for that thread to close it."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not TLS's own, which would change its state


@dataclass(slots=True)
class _Side:
    """A connection and the state of HTTP on it."""

    connection: socket.socket
    state: h11.Connection

    def next_event(self) -> h11.Event:
        while True:
            event = self.state.next_event()
            if event is h11.NEED_DATA:
                if self.state.they_are_waiting_for_100_continue:
                    self.send(h11.InformationalResponse(status_code=100, headers=[]))
                self.state.receive_data(self.connection.recv(_RECEIVE_BYTES))
            elif event is h11.PAUSED:
                raise _ClosedError
            else:
                return event  # type: ignore[return-value]

    def body(self) -> Iterator[bytes]:
        while isinstance(event := self.next_event(), h11.Data):
            yield bytes(event.data)

    def send(self, event: h11.Event) -> None:
        data = self.state.send(event)
        if data:
            self.connection.sendall(data)


class ClientConnection:
    """Serves the requests of one connection, one after the other."""

    def __init__(
        self,
        client: socket.socket,
        backend: tuple[str, int],
        *,
        note: Callable[[SeenRequest], None],
        stopping: Event,
    ) -> None:
        """Wrap a connection.

        Args:
            client: The connection that was accepted.
            backend: Host and port of the server.
            note: Keeps a request and sets its fault.
            stopping: Set when the proxy stops: ends every wait.
        """
        self._client = _Side(client, h11.Connection(h11.SERVER))
        self._backend_address = backend
        self._note = note
        self._stopping = stopping

    def serve(self) -> None:
        """Answer until the client or a fault ends the connection.

        Raises:
            OSError: The connection broke.
        """
        try:
            while isinstance(request := self._client.next_event(), h11.Request):
                self._answer(request)
                if self._client.state.our_state is not h11.DONE or self._client.state.their_state is not h11.DONE:
                    return
                self._client.state.start_next_cycle()
        except (_ResetError, h11.RemoteProtocolError):
            reset(self._client.connection)
        except _ClosedError:
            with suppress(OSError):
                self._client.connection.shutdown(socket.SHUT_WR)

    def _answer(self, request: h11.Request) -> None:
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        seen = SeenRequest.of(request.method.decode(), request.target.decode(), headers)
        self._note(seen)
        match seen.fault:
            case Delay(seconds=seconds):
                self._wait(seconds)
            case Reset(moment=Moment.BEFORE_FORWARDING):
                raise _ResetError
            case Reset(moment=Moment.AFTER_BODY):
                self._receive_all(seen)
                raise _ResetError
            case Answer() as answer:
                self._receive_all(seen)
                self._refuse(seen, answer, at=datetime.now(UTC))
                return
            case ClockSkew(refuse=True, seconds=seconds):
                self._receive_all(seen)
                skewed = Answer(
                    status=403,
                    code="RequestTimeTooSkewed",
                    message="The difference between the request time and the current time is too large.",
                )
                self._refuse(seen, skewed, at=datetime.now(UTC) + timedelta(seconds=seconds))
                return
        self._exchange(request, seen)

    def _exchange(self, request: h11.Request, seen: SeenRequest) -> None:
        try:
            connection = socket.create_connection(self._backend_address, timeout=_BACKEND_SECONDS)
        except OSError as error:
            raise _ResetError from error
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            backend = _Side(connection, h11.Connection(h11.CLIENT))
            try:
                self._forward(request, seen, backend)
                self._send_back(seen, backend)
            except h11.RemoteProtocolError as error:
                raise _ResetError from error  # one of both went away in the middle
            except _ResetError:
                reset(connection)
                raise

    def _forward(self, request: h11.Request, seen: SeenRequest, backend: _Side) -> None:
        headers = [(name, value) for name, value in request.headers.raw_items() if name.lower() not in _OF_ONE_HOP]
        backend.send(
            h11.Request(method=request.method, target=request.target, headers=[*headers, (b"Connection", b"close")])
        )
        half = int(seen.headers.get("content-length", 0)) // 2
        answered_early = False
        for chunk in self._client.body():
            seen.body_bytes += len(chunk)
            # A server that refuses a request need not read its body.
            answered_early = answered_early or bool(select.select([backend.connection], [], [], 0)[0])
            if answered_early:
                continue
            if seen.fault == Reset(moment=Moment.IN_REQUEST_BODY) and seen.body_bytes >= half:
                backend.send(h11.Data(data=chunk[: max(0, len(chunk) - (seen.body_bytes - half))]))
                raise _ResetError
            for piece in self._paced(chunk, seen.fault):
                backend.send(h11.Data(data=piece))
        if seen.fault == Reset(moment=Moment.IN_REQUEST_BODY):
            raise _ResetError
        if not answered_early:
            backend.send(h11.EndOfMessage())

    def _send_back(self, seen: SeenRequest, backend: _Side) -> None:
        response = backend.next_event()
        while isinstance(response, h11.InformationalResponse):
            response = backend.next_event()
        if not isinstance(response, h11.Response):
            raise _ResetError
        if seen.fault == Reset(moment=Moment.AFTER_FORWARDING):
            for _ in backend.body():
                pass
            raise _ResetError
        headers = [(name, value) for name, value in response.headers.raw_items() if name.lower() not in _OF_ONE_HOP]
        changed = h11.Response(
            status_code=response.status_code, reason=response.reason, headers=_changed(headers, seen.fault)
        )
        length = 0 if seen.method == "HEAD" else int(dict(response.headers).get(b"content-length", b"0"))
        if seen.fault == Reset(moment=Moment.IN_ANSWER) and length == 0:
            head = self._client.state.send(changed) or b""
            self._client.connection.sendall(head[: len(head) // 2])
            self._reset_when_received()
        seen.status = response.status_code
        self._client.send(changed)
        offset = 0
        for chunk in backend.body():
            self._send_chunk(chunk, offset, length, seen.fault)
            offset += len(chunk)
        if isinstance(seen.fault, CutAnswer):
            raise _ClosedError
        self._client.send(h11.EndOfMessage())

    def _send_chunk(self, chunk: bytes, offset: int, length: int, fault: Fault | None) -> None:
        end = offset + len(chunk)
        match fault:
            case Reset(moment=Moment.IN_ANSWER) if end >= length // 2:
                self._client.send(h11.Data(data=chunk[: length // 2 - offset]))
                self._reset_when_received()
            case CutAnswer(after_bytes=limit) if end >= limit:
                self._client.send(h11.Data(data=chunk[: limit - offset]))
                raise _ClosedError
            case CorruptAnswer(offset=bad) if offset <= bad < end:
                place = bad - offset
                chunk = chunk[:place] + bytes([chunk[place] ^ 0xFF]) + chunk[place + 1 :]
        for piece in self._paced(chunk, fault):
            self._client.send(h11.Data(data=piece))

    def _refuse(self, seen: SeenRequest, answer: Answer, *, at: datetime) -> None:
        seen.status = answer.status
        document = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<Error><Code>{escape(answer.code)}</Code><Message>{escape(answer.message)}</Message>"
            f"<Resource>/{escape(seen.bucket)}/{escape(seen.key)}</Resource><RequestId>FAULTPROXY</RequestId>"
            f"<ServerTime>{at:%Y-%m-%dT%H:%M:%SZ}</ServerTime></Error>"
        ).encode()
        headers = [
            ("Date", _http_date(at)),
            ("Content-Type", "application/xml"),
            ("Content-Length", str(len(document))),
            ("x-amz-request-id", "FAULTPROXY"),
        ]
        if answer.retry_after_seconds is not None:
            headers.append(("Retry-After", str(answer.retry_after_seconds)))
        phrase = HTTPStatus(answer.status).phrase  # boto3 takes no status line without one for an answer
        self._client.send(h11.Response(status_code=answer.status, reason=phrase, headers=headers))
        if seen.method != "HEAD":
            self._client.send(h11.Data(data=document))
        self._client.send(h11.EndOfMessage())

    def _receive_all(self, seen: SeenRequest) -> None:
        for chunk in self._client.body():
            seen.body_bytes += len(chunk)

    def _paced(self, chunk: bytes, fault: Fault | None) -> Iterator[bytes]:
        if not isinstance(fault, SlowDrip):
            yield chunk
            return
        piece_bytes = max(1, fault.bytes_per_second // _DRIPS_PER_SECOND)
        for start in range(0, len(chunk), piece_bytes):
            piece = chunk[start : start + piece_bytes]
            yield piece
            self._wait(len(piece) / fault.bytes_per_second)

    def _reset_when_received(self) -> NoReturn:
        """Reset the connection; before, let arrive what was sent, which a reset would discard."""
        waits = _RECEIVED_SECONDS / _POLL_SECONDS
        while _unreceived_bytes(self._client.connection) and waits > 0:
            self._wait(_POLL_SECONDS)
            waits -= 1
        raise _ResetError

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _ResetError


def _unreceived_bytes(connection: socket.socket) -> int:
    """Return how much of what was sent the other end has not acknowledged.

    Source:
        tcp(7), SIOCOUTQ, which has the number of TIOCOUTQ.
    """
    return int.from_bytes(fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def _changed(headers: list[tuple[bytes, bytes]], fault: Fault | None) -> list[tuple[bytes, bytes]]:
    match fault:
        case WrongETag(etag=etag):
            return _with(headers, b"ETag", etag)
        case ClockSkew(seconds=seconds):
            return _with(headers, b"Date", _http_date(datetime.now(UTC) + timedelta(seconds=seconds)))
    return headers


def _with(headers: list[tuple[bytes, bytes]], name: bytes, value: str) -> list[tuple[bytes, bytes]]:
    others = [header for header in headers if header[0].lower() != name.lower()]
    return [*others, (name, value.encode())]


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
