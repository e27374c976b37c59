"""A small HTTP server for metrics alone, on a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from prometheus_client import start_http_server

from octeth_backupd.telemetry.metrics import registry_of
from octeth_backupd.telemetry.metrics_settings import split_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread
    from wsgiref.simple_server import WSGIServer

    from octeth_backupd.domain.figures import Figures

_log = structlog.get_logger("metrics")


class MetricsListener:
    """Answer scrapes on a port, once it can be had.

    Args:
        address: IP address and port; empty: never listen.
        figures: Takes the figures, from any thread.
    """

    def __init__(self, address: str, figures: Callable[[], Figures]) -> None:
        self._address = address
        self._figures = figures
        self._listening: tuple[WSGIServer, Thread] | None = None

    def attempt(self) -> str:
        """Listen, unless it does; return what stands in the way, or an empty text.

        A port that somebody else has is no reason to make no backups: it is tried again each minute.
        """
        if not self._address or self._listening is not None:
            return ""
        host, port = split_address(self._address)
        try:
            self._listening = start_http_server(port, addr=host, registry=registry_of(self._figures))
        except OSError as exc:
            return f"no metrics at {self._address}: {(exc.strerror or str(exc)).lower()}"
        _log.info("metrics.listening", address=self._address)
        return ""

    def stop(self) -> None:
        """Close the port. Stopping twice is no error."""
        if self._listening is None:
            return
        (server, thread), self._listening = self._listening, None
        server.shutdown()
        server.server_close()
        thread.join()
