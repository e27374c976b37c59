"""Who made a container: lets a later session remove what a crashed one has left, and nothing else."""

import os
from pathlib import Path


def current_session() -> str:
    """Return a name of this process that no other process ever has again on this boot."""
    return f"{os.getpid()}-{_start_ticks(os.getpid())}-{_process_namespace()}"


def session_is_alive(session: str) -> bool:
    """Tell whether the process that ``current_session`` named still runs; yes when that cannot be seen from here."""
    try:
        process_id, ticks, namespace = session.split("-")
        return namespace != _process_namespace() or _start_ticks(int(process_id)) == int(ticks)
    except (OSError, ValueError, IndexError):
        return False


def _process_namespace() -> str:
    return str(Path("/proc/self/ns/pid").stat().st_ino)


def _start_ticks(process_id: int) -> int:
    """Return when a process started, in clock ticks since the boot.

    Source:
        proc(5), /proc/PID/stat field 22; the name in field 2 may hold spaces and parentheses.
    """
    text = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8", errors="replace")
    return int(text.rpartition(")")[2].split()[19])
