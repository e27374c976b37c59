"""Who is at the other end of a Unix socket, as the kernel says."""

from __future__ import annotations

import os
import pwd
import socket
import struct
from dataclasses import dataclass
from typing import Protocol

_SO_PEERGROUPS = 59
_MOST_BYTES_PYTHON_READS = 1024


class _HasOptions(Protocol):
    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A process that connected, with the rights it had at that moment.

    Attributes:
        groups: Primary and supplementary groups.
    """

    pid: int
    uid: int
    groups: frozenset[int]

    def __str__(self) -> str:
        return f"uid {self.uid} ({user_name(self.uid)})"


def user_name(uid: int) -> str:
    """Return a user's name, or ``unknown`` for a uid without one."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "unknown"


def read_peer(connection: _HasOptions) -> Peer:
    """Ask the kernel who connected.

    Raises:
        OSError: This is no connected Unix socket.

    Source:
        unix(7), SO_PEERCRED: ``struct ucred`` of pid, uid, gid at the time of connect(2). Linux 4.13 added
        SO_PEERGROUPS (59 on every architecture but parisc and sparc): an array of gid_t.
    """
    pid, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return Peer(pid=pid, uid=uid, groups=frozenset({gid, *_supplementary_groups(connection, uid, gid)}))


def _supplementary_groups(connection: _HasOptions, uid: int, gid: int) -> tuple[int, ...]:
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_BYTES_PYTHON_READS)
    except OSError:
        # More than 256 groups, or a kernel without the option: what the user database says is the next best.
        return _groups_of_user(uid, gid)
    return struct.unpack(f"{len(packed) // 4}I", packed)


def _groups_of_user(uid: int, gid: int) -> tuple[int, ...]:
    try:
        return tuple(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
    except KeyError:
        return ()
