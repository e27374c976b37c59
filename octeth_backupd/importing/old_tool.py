"""Whether the bash tool runs right now."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.errors import BusyError
from octeth_backupd.process.procfs import command_lines

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_SCRIPT = re.compile(r"(?:^|/)octeth-(?:backup|restore|cleanup)\.sh$")
_SHELLS = frozenset({"bash", "sh", "dash"})


def require_old_tool_at_rest(
    lock_file: Path | None, *, processes: Iterable[tuple[int, tuple[str, ...]]] | None = None
) -> None:
    """Pass when no script of the bash tool runs; its lock file is read and never touched.

    Args:
        lock_file: Its LOCK_FILE, which holds a pid; None where that is not known.
        processes: Pid and arguments of what runs; default: this host's.

    Raises:
        BusyError: One runs; it must end first.
    """
    running = dict(command_lines() if processes is None else processes)
    locked = _pid_in(lock_file)
    for pid, arguments in running.items():
        script = _script_of(arguments)
        # A pid in the lock file may be anybody's by now: it counts when a shell has it.
        if script or (pid == locked and arguments and arguments[0].rpartition("/")[2] in _SHELLS):
            raise BusyError(
                f"the bash tool runs: {script or 'the script that holds ' + str(lock_file)}, pid {pid}",
                hint="Wait until it has ended, then import again.",
            )


def _script_of(arguments: tuple[str, ...]) -> str:
    """Return the script that a process runs: as a program, or as what a shell was told to read."""
    return next((word for word in arguments[:2] if _SCRIPT.search(word)), "")


def _pid_in(lock_file: Path | None) -> int:
    try:
        text = lock_file.read_text(errors="replace").strip() if lock_file else ""
    except OSError:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
