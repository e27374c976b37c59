"""What one client may take, so that none can starve the daemon or the others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of the control socket; not settings, because nobody needs others.

    Attributes:
        request_bytes: Largest body of a request.
        header_bytes: Largest request line with all headers.
        read_seconds: Time from the first byte of a request, or from the connection, to its last.
        write_seconds: Time a client may leave its answer unread before it is dropped.
        keep_alive_seconds: Time a connection may idle between two requests.
        connections: Connections at the same time; root is let in above that.
        silence_seconds: Longest pause in an event stream; then a comment is sent.
        stop_seconds: Time that requests have to end when the server stops.
    """

    request_bytes: int = 64 * 1024
    header_bytes: int = 16 * 1024
    read_seconds: float = 10.0
    write_seconds: float = 30.0
    keep_alive_seconds: int = 30
    connections: int = 64
    silence_seconds: float = 10.0
    stop_seconds: int = 3
