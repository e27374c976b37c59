"""Ports for the servers of tests, which may be given up for a while and taken again."""

import secrets
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_LOWEST: Final = 20_000
_HIGHEST: Final = 32_000
_ATTEMPTS: Final = 100


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on.

    It lies below those that the kernel gives to outgoing connections, so that nothing takes it from a server that is
    down for a while; and it comes from the kernel's randomness, because sessions side by side have equal seeds.
    """
    for _ in range(_ATTEMPTS):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                attempt.bind((LOOPBACK, port))
            except OSError:
                continue
        return port
    raise RuntimeError(f"no free port between {_LOWEST} and {_HIGHEST}")


def answers(port: int) -> bool:
    """Whether something listens on this port."""
    with socket.socket() as attempt:
        attempt.settimeout(1)
        return attempt.connect_ex((LOOPBACK, port)) == 0
