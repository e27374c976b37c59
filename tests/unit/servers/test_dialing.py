import os
import socket
from pathlib import Path

import pytest

from octeth_backupd.domain.server import Address
from octeth_backupd.servers.dialing import dial, peer_process_id


def test_socket_path_of_any_length_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / ("d" * 120)
    directory.mkdir()
    monkeypatch.chdir(directory)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("mysqld.sock")
        server.listen()

        with dial(Address(unix_socket=str(directory / "mysqld.sock")), timeout_seconds=1) as connection:
            assert peer_process_id(connection) == os.getpid()


def test_tcp_tells_nothing_of_the_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address(host="127.0.0.1", port=server.getsockname()[1])

        with dial(address, timeout_seconds=1) as connection:
            assert peer_process_id(connection) is None


def test_missing_socket_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        dial(Address(unix_socket=str(tmp_path / "x.sock")), timeout_seconds=1)
    with pytest.raises(FileNotFoundError):
        dial(Address(unix_socket=str(tmp_path / ("d" * 120) / "x.sock")), timeout_seconds=1)
