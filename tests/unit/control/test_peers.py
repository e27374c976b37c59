"""What the kernel says of a connection's other end."""

import os
import socket
import struct

import pytest

from octeth_backupd.control.peers import Peer, read_peer, user_name


def test_a_connected_socket_names_this_process_and_its_groups() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)

    with left, right:
        peer = read_peer(left)

    assert (peer.pid, peer.uid) == (os.getpid(), os.geteuid())
    assert peer.groups == {os.getegid(), *os.getgroups()}


def test_a_socket_that_is_not_a_unix_socket_is_an_error_or_nobody() -> None:
    with socket.socket(socket.AF_INET) as plain:
        peer = read_peer(plain)

    assert peer.uid not in {0, os.geteuid()}


def test_groups_come_from_the_user_database_when_the_kernel_does_not_tell_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getgrouplist", lambda name, gid: [gid, 88] if name == "root" else [])

    class WithoutGroups:
        def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
            if optname == socket.SO_PEERCRED:
                return struct.pack("3i", 1, 0, 77)
            raise OSError

    peer = read_peer(WithoutGroups())

    assert peer.groups == {77, 88}


def test_a_user_without_an_entry_has_only_its_primary_group_then() -> None:
    class Unknown:
        def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
            if optname == socket.SO_PEERCRED:
                return struct.pack("3i", 1, 4_000_000, 77)
            raise OSError

    assert read_peer(Unknown()).groups == {77}


@pytest.mark.parametrize(("uid", "text"), [(0, "uid 0 (root)"), (4_000_000, "uid 4000000 (unknown)")])
def test_a_peer_is_told_by_uid_and_name(uid: int, text: str) -> None:
    assert str(Peer(pid=1, uid=uid, groups=frozenset())) == text


def test_user_names_are_looked_up() -> None:
    assert user_name(0) == "root"
