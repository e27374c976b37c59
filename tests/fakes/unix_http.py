"""An HTTP server on a Unix socket, for what plays the Docker engine."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from socketserver import ThreadingUnixStreamServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path


class _Server(ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, Any]:
        request, _ = super().get_request()
        return request, ("unix", 0)  # handlers expect host and port


@contextmanager
def serving_http(path: Path, handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Let a handler answer at a socket, and give its address as in ``DOCKER_HOST``."""
    with _Server(str(path), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            server.shutdown()
            thread.join()
