"""Open a socket to a server, with a limit in time and without the limit on the length of a socket's path."""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.server import Address

_SOCKET_PATH_LIMIT_BYTES = 107
_CREDENTIALS = struct.Struct("3i")


def dial(address: Address, *, timeout_seconds: float) -> socket.socket:
    """Return a connected socket.

    Raises:
        OSError: It cannot be connected, TimeoutError when that took too long.
    """
    if address.unix_socket:
        return _dial_unix(address.unix_socket, timeout_seconds)
    connection = socket.create_connection((address.host, address.port), timeout_seconds)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return connection


def peer_process_id(connection: socket.socket) -> int | None:
    """Return the pid of the process at the other end of a Unix socket, None for TCP or another pid namespace.

    Source:
        unix(7), SO_PEERCRED: of a listening socket, the process that called listen(2).
    """
    if connection.family != socket.AF_UNIX:
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    process_id: int = _CREDENTIALS.unpack(credentials)[0]
    return process_id or None


def _dial_unix(path: str, timeout_seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_seconds)
        if len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT_BYTES:
            connection.connect(path)
        else:
            _connect_beneath_directory(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_beneath_directory(connection: socket.socket, path: str) -> None:
    """Connect to a path that is too long for sockaddr_un, by way of its directory's short name in /proc."""
    directory, name = os.path.split(path)
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.connect(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)
