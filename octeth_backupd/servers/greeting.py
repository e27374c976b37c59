"""What a server says to whoever connects, before any login: its version.

Source:
    MySQL internals manual, "Protocol::HandshakeV10" and "ERR_Packet"; MariaDB knowledge base, "Connecting".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.servers.dialing import dial

if TYPE_CHECKING:
    import socket

    from octeth_backupd.domain.server import Address

_PROTOCOL = 10
_ERROR = 0xFF
_HEAD_BYTES = 4
_LARGEST_BYTES = 4096
_OLD_PREFIX = "5.5.5-"
"""Before its version, MariaDB up to 10.x says this, for clients that take a leading 10 for something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """What was said.

    Attributes:
        version_text: As ``@@version`` has it; empty when the server speaks the protocol and lets nobody in from here.
        problem: The server's words then.
    """

    version_text: str = ""
    problem: str = ""


def read_greeting(address: Address, *, timeout_seconds: float) -> Greeting | None:
    """Return what a server at an address says; None when nobody answers there, or something else than a server."""
    try:
        with dial(address, timeout_seconds=timeout_seconds) as connection:
            return parse_greeting(_first_packet(connection))
    except OSError:
        return None


def parse_greeting(payload: bytes) -> Greeting | None:
    """Return what the first packet of a connection says; None when it is none of this protocol."""
    if payload[:1] == bytes([_PROTOCOL]) and b"\0" in payload:
        text = payload[1 : payload.index(b"\0")].decode(errors="replace")
        return Greeting(version_text=text.removeprefix(_OLD_PREFIX))
    if payload[:1] == bytes([_ERROR]) and len(payload) > _HEAD_BYTES:
        return Greeting(problem=payload[3:].decode(errors="replace").strip())
    return None


def _first_packet(connection: socket.socket) -> bytes:
    head = _exactly(connection, _HEAD_BYTES)
    length = int.from_bytes(head[:3], "little")
    return _exactly(connection, length) if len(head) == _HEAD_BYTES and length <= _LARGEST_BYTES else b""


def _exactly(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = connection.recv(length - len(received))
        if not piece:
            break
        received += piece
    return received
