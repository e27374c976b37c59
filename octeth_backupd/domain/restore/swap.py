"""Which directories change places in a restore, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

ROOM_PREFIX = ".octeth-backupd-"
"""Begin of the name of a restore's own directory: MySQL (since 8.0.18) and MariaDB skip a dot-directory in their data.

Source:
    MySQL bug #95071; older releases find the tablespaces in it twice and do not start.
"""
_NEVER_MOVED = frozenset({"lost+found"})


class SwapMethod(StrEnum):
    """How two directories change places.

    ``EXCHANGE``: in one system call. ``ENTRIES``: entry by entry, where the directory is a mount point, its file
    system cannot exchange, or only some of its entries belong to the server (binary logs).
    """

    EXCHANGE = "exchange"
    ENTRIES = "entries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One directory of the server and what takes its place.

    Attributes:
        role: ``data`` or ``binlog``.
        live: The server's directory on the host.
        room: The restore's own directory on the same file system: beside ``live`` (EXCHANGE) or in it (ENTRIES).
        method: How they change places.
        pattern: ENTRIES: regular expression, matched in full, of the entries that are the server's; empty: all but
            rooms.
        live_inode: Of ``live`` before the swap (EXCHANGE); 0 until it is known, and when there was none.
        incoming_inode: Of ``incoming`` before the swap (EXCHANGE); 0 until it is known.
    """

    role: str
    live: Path
    room: Path
    method: SwapMethod
    pattern: str = ""
    live_inode: int = 0
    incoming_inode: int = 0

    @property
    def incoming(self) -> Path:
        """Return where the restored files are staged."""
        return self.room / "new"

    @property
    def aside(self) -> Path:
        """Return where the server's own files are after the swap."""
        return self.incoming if self.method is SwapMethod.EXCHANGE else self.room / "old"

    @property
    def record(self) -> Path:
        """Return the file that names the entries which were in ``live`` before the swap (ENTRIES)."""
        return self.room / "entries.json"

    def concerns(self, name: str) -> bool:
        """Return whether an entry of ``live`` takes part in a swap by entries."""
        if name.startswith(ROOM_PREFIX) or name in _NEVER_MOVED:
            return False
        return not self.pattern or re.fullmatch(self.pattern, name) is not None

    def of_run(self, run_id: str) -> Swap:
        """Return the same swap in the room of another run, not yet measured."""
        return replace(self, room=self.room.with_name(room_name(run_id, self.role)), live_inode=0, incoming_inode=0)


def room_name(run_id: str, role: str = "data") -> str:
    """Return the name of a restore's own directory, another one for each role: two may lie side by side."""
    return f"{ROOM_PREFIX}{run_id}" if role == "data" else f"{ROOM_PREFIX}{run_id}-{role}"


def binlog_pattern(basename: str, index: str = "") -> str:
    """Return the pattern of a server's binary logs and their index, for ``Swap.pattern``.

    Args:
        basename: Without directory: the last part of ``log_bin_basename``.
        index: Name of the index, where it is not called like the logs.

    Source:
        MySQL 8.4 manual, "The Binary Log": ``<basename>.NNNNNN`` and ``<basename>.index``; MariaDB adds ``.state``.
    """
    logs = re.escape(Path(basename).name) + r"\.(?:\d+|index|state|~rec~)"
    return f"{logs}|{re.escape(Path(index).name)}" if index else logs
