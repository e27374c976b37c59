"""A small HTTP server for metrics alone, on a port.

One request at a time, each with a limit: whoever reaches the port can keep others from their metrics for a while, but
takes no threads and no memory from backups.
"""

from __future__ import annotations

import ipaddress
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import structlog

from octeth_backupd.errors import BackupdError
from octeth_backupd.telemetry.metrics import CONTENT_TYPE, exposition
from octeth_backupd.telemetry.metrics_settings import split_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from octeth_backupd.domain.figures import Figures

_log = structlog.get_logger("metrics")

_PATHS = {"/", "/metrics"}
_REQUEST_SECONDS = 5.0
_STOP_SECONDS = 2.0


class MetricsListener:
    """Answer scrapes on a port, once it can be had.

    Args:
        address: IP address and port; empty: never listen.
        figures: Takes the figures, from any thread.
    """

    def __init__(self, address: str, figures: Callable[[], Figures]) -> None:
        self._address = address
        self._figures = figures
        self._server: WSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._told = ""

    def attempt(self) -> str:
        """Listen, unless it does; return what stands in the way, or an empty text.

        A port that somebody else has is no reason to make no backups: it is tried again each minute.
        """
        with self._lock:
            if not self._address or self._server is not None:
                return ""
            host, port = split_address(self._address)
            server_class = _ServerV6 if ipaddress.ip_address(host).version == 6 else _Server
            try:
                self._server = server_class((host, port), _Handler)
            except OSError as exc:
                return self._refused((exc.strerror or str(exc)).lower())
            self._server.set_app(self._answer)
            self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
            self._thread.start()
        _log.info("metrics.listening", address=self._address)
        return ""

    def _refused(self, error: str) -> str:
        if error != self._told:  # it is tried each minute
            _log.warning("metrics.not_listening", address=self._address, error=error)
            self._told = error
        return f"no metrics at {self._address}: {error}"

    def stop(self) -> None:
        """Close the port. Stopping twice is no error."""
        with self._lock:
            server, thread = self._server, self._thread
            self._server = self._thread = None
        if server is not None and thread is not None:
            # Not in this thread: it waits for the request at hand, which may wait for a disk.
            threading.Thread(target=server.shutdown, name="metrics-stop", daemon=True).start()
            thread.join(_STOP_SECONDS)
            server.server_close()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        status, body = self._answer_to(environ["REQUEST_METHOD"], environ.get("PATH_INFO", "/"))
        start_response(status, [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))])
        return [body if environ["REQUEST_METHOD"] == "GET" else b""]

    def _answer_to(self, method: str, path: str) -> tuple[str, bytes]:
        if method not in {"GET", "HEAD"}:
            return "405 Method Not Allowed", b"only GET\n"
        if path not in _PATHS:
            return "404 Not Found", b"/metrics is all there is\n"
        try:
            return "200 OK", exposition(self._figures())
        except BackupdError as exc:
            return "503 Service Unavailable", f"{exc.message}\n".encode()


class _Server(WSGIServer):
    """wsgiref's server that asks no name server and prints nothing."""

    def server_bind(self) -> None:
        """Take the port; HTTPServer's own would look up the host's name, which may take long."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a client that went away or was too slow."""


class _ServerV6(_Server):
    address_family = socket.AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = _REQUEST_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - wsgiref's signature
        """Say nothing of scrapes."""
