"""What the command line ends with; an interface, documented in docs/reference/exit-codes.md."""

from __future__ import annotations

from octeth_backupd.cli.reader import READER_LEFT

OK = 0
FAILED = 1
USAGE = 2
CANCELLED = 3
NOT_FOUND = 4
INTERRUPTED = 5
SKIPPED = 6
DEGRADED = 8
SUSPECT = 9
UNAVAILABLE = 69
BUSY = 75
NO_PERMISSION = 77
CONFIGURATION = 78
INTERRUPTED_BY_USER = 130
OUTPUT_UNREAD = READER_LEFT

OUTCOMES = {
    "success": OK,
    "degraded": DEGRADED,
    "failed": FAILED,
    "cancelled": CANCELLED,
    "interrupted": INTERRUPTED,
    "skipped": SKIPPED,
}
"""Outcome of a run that was waited for → exit code."""

ERRORS = {
    "configuration": CONFIGURATION,
    "invalid_request": USAGE,
    "not_found": NOT_FOUND,
    "ambiguous_id": NOT_FOUND,
    "permission_denied": NO_PERMISSION,
    "busy": BUSY,
    "cancelled": CANCELLED,
}
"""Code of the daemon's error → exit code; 1 for every other."""
