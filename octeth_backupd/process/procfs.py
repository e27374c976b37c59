"""Reading /proc: who belongs to a session, who carries a mark.

Source:
    proc(5): ``/proc/[pid]/stat`` (fields 3 state, 5 pgrp, 6 session), ``/proc/[pid]/environ``, ``/proc/[pid]/cmdline``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.process.mark import ENVIRONMENT_NAME, RunMark, parse_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROC = Path("/proc")
_DEAD_STATES = frozenset("ZX")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStat:
    """What ``/proc/[pid]/stat`` says."""

    pid: int
    program: str
    state: str
    group: int
    session: int

    @property
    def is_alive(self) -> bool:
        """Return whether it still runs; a zombie does not."""
        return self.state not in _DEAD_STATES


def read_stat(pid: int) -> ProcessStat | None:
    """Return the state of a process, or None when there is none."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The program's name may hold spaces and parentheses: the last one closes it.
    program, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return ProcessStat(pid=pid, program=program, state=fields[0], group=int(fields[2]), session=int(fields[3]))


def session_members(session: int) -> list[ProcessStat]:
    """Return the living processes of a session."""
    stats = (read_stat(pid) for pid in _pids())
    return [stat for stat in stats if stat is not None and stat.session == session and stat.is_alive]


def read_mark(pid: int) -> RunMark | None:
    """Return the mark in a process's environment, or None when it has none, is gone or is not ours to look at."""
    text = read_variable(pid, ENVIRONMENT_NAME)
    return parse_mark(text) if text is not None else None


def read_variable(pid: int, name: str) -> str | None:
    """Return a variable that a process was started with; None when it has none, is gone or is not ours to look at."""
    try:
        content = (_PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    prefix = f"{name}=".encode()
    for entry in content.split(b"\0"):
        if entry.startswith(prefix):
            return entry.removeprefix(prefix).decode(errors="replace")
    return None


def command_lines() -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield pid and arguments of every process that has any; a kernel thread or a zombie has none."""
    for pid in _pids():
        try:
            content = (_PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            continue
        if content:
            yield pid, tuple(part.decode(errors="replace") for part in content.rstrip(b"\0").split(b"\0"))


def marked_processes() -> Iterator[tuple[int, RunMark]]:
    """Yield every process that carries a mark."""
    for pid in _pids():
        mark = read_mark(pid)
        if mark is not None:
            yield pid, mark


def _pids() -> Iterator[int]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            yield int(entry.name)
