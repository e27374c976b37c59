"""An HTTP proxy in front of an S3 server, which fails as the test's rules say."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from tests.environment.loopback_port import LOOPBACK, free_port
from tests.environment.proxy_exchange import ClientConnection, reset, sever

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from tests.environment.proxy_rules import Rule, SeenRequest
    from tests.environment.s3_servers import S3Endpoint
    from tests.environment.tls_authority import ServerCertificate

_JOIN_SECONDS: Final = 10.0
_HANDSHAKE_SECONDS: Final = 10.0


class FaultProxy:
    """Forwards every request unchanged, its Host too, which S3's signatures cover; strikes those that a rule names.

    It has the shape of the server behind it, so that a client is pointed at the one or the other. Bodies are streamed.
    A request that matches several rules is counted by all of them and struck by the first whose turn it is.

    Attributes:
        rules: The test's; it may change them at any time.
        requests: Everything that came, in order of its beginning.
    """

    def __init__(self, server: S3Endpoint, *, certificate: ServerCertificate | None = None) -> None:
        """Stand in front of a server.

        Args:
            server: An S3 server that speaks plain HTTP.
            certificate: Speak TLS with the client, and show this.
        """
        self.access_key_id = server.access_key_id
        self.secret_access_key = server.secret_access_key
        self.bucket = server.bucket
        self.region = server.region
        self.port = free_port()
        self.rules: list[Rule] = []
        self.requests: list[SeenRequest] = []
        backend = urlsplit(server.endpoint_url)
        self._backend = (backend.hostname or LOOPBACK, backend.port or 80)
        self._scheme = "http" if certificate is None else "https"
        self._tls = None if certificate is None else certificate.server_context()
        self._lock = Lock()
        self._listener: socket.socket | None = None
        self._acceptor: Thread | None = None
        self._stopping = Event()
        self._clients: set[socket.socket] = set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint_url(self) -> str:
        """Scheme, host and port; the same after a restart."""
        return f"{self._scheme}://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Accept connections."""
        self._stopping = Event()
        self._listener = socket.create_server((LOOPBACK, self.port), backlog=128)
        self._acceptor = Thread(target=self._accept, args=(self._listener, self._stopping), daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Refuse connections until ``start`` is called, and end those that are open."""
        self._stopping.set()
        if self._listener is None or self._acceptor is None:
            return
        # Closing alone would not wake the thread that waits in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(_JOIN_SECONDS)
        self._listener = None
        with self._lock:
            for client in self._clients:
                sever(client)

    def count(self, *, method: str | None = None, key: str = "*", query: Mapping[str, str | None] = {}) -> int:
        """Return how many such requests came; the arguments are those of ``Rule``."""
        with self._lock:
            return sum(request.matches(method=method, key=key, query=query) for request in self.requests)

    def forget(self) -> None:
        """Drop all rules and counts: the next act of a test begins."""
        with self._lock:
            self.rules.clear()
            self.requests.clear()

    def note(self, request: SeenRequest) -> None:
        """Keep a request, and set the fault that befalls it."""
        with self._lock:
            self.requests.append(request)
            due = [rule for rule in self.rules if rule.take(request)]
            if due:
                due[0].struck += 1
                request.fault = due[0].fault

    def _accept(self, listener: socket.socket, stopping: Event) -> None:
        while not stopping.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client, stopping), daemon=True).start()

    def _serve(self, accepted: socket.socket, stopping: Event) -> None:
        client = accepted
        try:
            if self._tls is not None:
                client.settimeout(_HANDSHAKE_SECONDS)
                client = self._tls.wrap_socket(client, server_side=True)
                client.settimeout(None)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._clients.add(client)
            ClientConnection(client, self._backend, note=self.note, stopping=stopping).serve()
        except OSError:
            reset(client)  # the client has gone, does not trust us, or the proxy stops
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()
