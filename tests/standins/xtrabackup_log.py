"""Log lines in the format of XtraBackup 8.0.28 and later; everything goes to standard error.

Source:
    A log of XtraBackup 8.0.35: ``2024-02-02T00:47:19.666924+08:00 2 [Note] [MY-011825] [Xtrabackup] Copying ...``
"""

import sys
from datetime import UTC, datetime


def note(message: str, *, thread: int = 0) -> None:
    """Write an ordinary line."""
    _write("Note", message, thread)


def warning(message: str) -> None:
    """Write a warning."""
    _write("Warning", message, 0)


def error(message: str) -> None:
    """Write an error line."""
    _write("ERROR", message, 0)


def bare(message: str) -> None:
    """Write a line without prefix, as the version and usage lines are."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def _write(severity: str, message: str, thread: int) -> None:
    now = datetime.now(UTC).astimezone()
    stamp = now.isoformat(timespec="microseconds")
    if stamp.endswith("+00:00"):
        stamp = f"{stamp[:-6]}-00:00"
    bare(f"{stamp} {thread} [{severity}] [MY-011825] [Xtrabackup] {message}")
