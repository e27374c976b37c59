"""Processes of this machine: who descends from whom, and their sudden end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_END_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.02


def descendants(process_id: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents().items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [process_id]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def processes_naming(text: str) -> list[int]:
    """Return the processes that have a text in their arguments, this one apart."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if text.encode() in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def kill_all(process_ids: Iterable[int]) -> None:
    """Kill processes, in this order and without a pause, and return when all have ended.

    Raises:
        TimeoutError: One does not end.
    """
    doomed = list(dict.fromkeys(process_ids))
    for process_id in doomed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)
    limit = time.monotonic() + _END_SECONDS
    while living := [process_id for process_id in doomed if _lives(process_id)]:
        if time.monotonic() > limit:
            raise TimeoutError(f"processes do not end: {living}")
        time.sleep(_POLL_SECONDS)


def _lives(process_id: int) -> bool:
    state = _state(process_id)
    return state is not None and state[0] != "Z"


def _parents() -> dict[int, int]:
    states = {int(entry.name): _state(int(entry.name)) for entry in Path("/proc").glob("[0-9]*")}
    return {process_id: state[1] for process_id, state in states.items() if state is not None}


def _state(process_id: int) -> tuple[str, int] | None:
    """Return state letter and parent; None when there is no such process.

    Source:
        proc(5), /proc/PID/stat fields 3 and 4; the name in field 2 may hold spaces and parentheses.
    """
    try:
        text = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[1])
