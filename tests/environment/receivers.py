"""Real endpoints of notices on loopback: HTTP and SMTP servers that take, refuse, hang, reset."""

from __future__ import annotations

import json
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from email.message import EmailMessage

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request that an HTTP receiver took."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document


@dataclass(slots=True, kw_only=True)
class HttpReceiver:
    """What a running HTTP server does with the next requests, and what it took.

    Attributes:
        status: Of every answer; 0 resets the connection, -1 never answers, -2 answers byte by byte without end.
    """

    port: int
    status: int = 200
    answer: str = "OK"
    answer_headers: dict[str, str] = field(default_factory=dict)
    requests: list[Received] = field(default_factory=list)
    taken: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/", *, scheme: str = "http") -> str:
        return f"{scheme}://{LOOPBACK}:{self.port}{path}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: HttpReceiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that go away, or whose TLS ends at a certificate."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.0"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        match receiver.status:
            case 0:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                return
            case -1:
                receiver.stopped.wait(60)
                return
            case -2:
                self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
                while not receiver.stopped.wait(0.2):
                    self.wfile.write(b"x")
                return
        if receiver.status < 300:
            receiver.requests.append(
                Received(method=self.command, target=self.path, headers=dict(self.headers.items()), body=body)
            )
        answer = receiver.answer.replace("ECHO", f"{self.path} {self.headers.get('Authorization', '')}").encode()
        self.send_response(receiver.status)
        for name, value in receiver.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        if receiver.status < 300:
            receiver.taken.set()


@contextmanager
def http_receiver(tls: ssl.SSLContext | None = None, *, port: int = 0) -> Iterator[HttpReceiver]:
    """Serve HTTP, or HTTPS, for the length of a block."""
    server = _Server((LOOPBACK, port), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.receiver = HttpReceiver(port=server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.receiver
    finally:
        server.receiver.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(kw_only=True)
class SmtpReceiver:
    """What a running SMTP server does with mail, and what it took.

    Without slots: aiosmtpd looks at each attribute, and in Python 3.11.2 the class of one with slots breaks on that.

    Attributes:
        refusal: What it answers to the next messages instead of taking them.
        refused_recipients: Addresses that it does not take mail for.
    """

    user: str = "backup"
    password: str = ""
    refusal: str = ""
    refused_recipients: tuple[str, ...] = ()
    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if address in self.refused_recipients:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusal:
            return self.refusal
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.messages.append(message)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self.user.encode(),
            self.password.encode(),
        )
        return AuthResult(success=is_right, handled=False)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, **self.SMTP_kwargs)


@contextmanager
def smtp_receiver(tls: ssl.SSLContext | None = None, *, is_tls_from_start: bool = False) -> Iterator[SmtpReceiver]:
    """Serve SMTP for the length of a block: with ``tls`` STARTTLS or TLS, and a login."""
    receiver = SmtpReceiver(password="canary-smtp-password")
    with socket.create_server((LOOPBACK, 0)) as probe:
        receiver.port = probe.getsockname()[1]
    options: dict[str, Any] = {}
    if tls is not None and is_tls_from_start:
        options = {"authenticator": receiver.authenticate, "auth_require_tls": False}
    elif tls is not None:
        options = {
            "authenticator": receiver.authenticate,
            "auth_required": True,
            "tls_context": tls,
            "require_starttls": True,
        }
    controller = _Controller(
        receiver,
        hostname=LOOPBACK,
        port=receiver.port,
        server_hostname="receiver.test",
        ssl_context=tls if is_tls_from_start else None,
        **options,
    )
    controller.start()
    try:
        yield receiver
    finally:
        controller.stop()


@contextmanager
def raw_receiver(*, resets: bool) -> Iterator[int]:
    """Listen on a port for the length of a block, and say nothing to whoever connects, or reset the connection."""
    stopped = threading.Event()
    accepted: list[socket.socket] = []

    def serve(listener: socket.socket) -> None:
        while not stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            else:
                accepted.append(connection)

    listener = socket.create_server((LOOPBACK, 0))
    thread = threading.Thread(target=serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        stopped.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in accepted:
            connection.close()
