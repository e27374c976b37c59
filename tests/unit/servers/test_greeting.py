"""What a server says before the login."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.server import Address
from octeth_backupd.servers.greeting import Greeting, parse_greeting, read_greeting

if TYPE_CHECKING:
    from collections.abc import Iterator

MYSQL = b"\x0a8.0.36\0" + bytes(60)
MARIADB = b"\x0a5.5.5-10.11.6-MariaDB-log\0" + bytes(60)
REFUSED = b"\xff\x6a\x04Host '10.0.0.1' is not allowed to connect to this MySQL server"


@pytest.mark.parametrize(("payload", "version"), [(MYSQL, "8.0.36"), (MARIADB, "10.11.6-MariaDB-log")])
def test_version_is_the_servers_own(payload: bytes, version: str) -> None:
    assert parse_greeting(payload) == Greeting(version_text=version)


def test_refusal_is_a_server_that_says_why() -> None:
    found = parse_greeting(REFUSED)

    assert found is not None
    assert found.version_text == ""
    assert "not allowed to connect" in found.problem


@pytest.mark.parametrize("payload", [b"", b"\x0a8.0.36", b"SSH-2.0-OpenSSH_9.2", b"\xff"])
def test_other_programs_are_no_servers(payload: bytes) -> None:
    assert parse_greeting(payload) is None


@contextmanager
def _answering(*pieces: bytes) -> Iterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield Address(host="127.0.0.1", port=listener.getsockname()[1])
        thread.join()


def test_greeting_is_put_together_from_its_pieces() -> None:
    head = len(MYSQL).to_bytes(3, "little") + b"\0"

    with _answering(head[:2], head[2:] + MYSQL[:3], MYSQL[3:]) as address:
        found = read_greeting(address, timeout_seconds=5)

    assert found == Greeting(version_text="8.0.36")


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_silence_and_other_protocols_are_none(said: bytes) -> None:
    with _answering(said) as address:
        found = read_greeting(address, timeout_seconds=5)

    assert found is None


def test_closed_port_is_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert read_greeting(Address(host="127.0.0.1", port=port), timeout_seconds=5) is None
