"""A server that says one thing to everybody who connects, or nothing at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from octeth_backupd.domain.server import Address


@dataclass
class Listener:
    """Where it listens, and how often somebody came."""

    address: Address
    connections: list[socket.socket] = field(default_factory=list)


@contextmanager
def listening(greeting: bytes = b"") -> Iterator[Listener]:
    """Listen on a free port of 127.0.0.1 and keep every connection open; an empty greeting says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        listener = Listener(Address(host="127.0.0.1", port=server.getsockname()[1]))

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                listener.connections.append(connection)
                connection.sendall(greeting)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in listener.connections:
                connection.close()


def refusal(number: int, text: str) -> bytes:
    """Return the packet by which a server refuses a connection before any login."""
    payload = b"\xff" + number.to_bytes(2, "little") + text.encode()
    return len(payload).to_bytes(3, "little") + b"\x00" + payload


def closed_address() -> Address:
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return Address(host="127.0.0.1", port=server.getsockname()[1])
