"""The answer to one question asked before, or after, a backup."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """What a check found."""

    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Not evaluated, because something it needs failed; never counts as passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The answer of one check.

    Attributes:
        name: The check's stable name, such as ``grants``.
        server: Server it was asked about; empty for the installation as a whole.
        summary: What was found, one line.
        cause: Why it matters or how it came to be; may be empty.
        fix: What to do, a full sentence; empty when passed.
        command: The exact command or SQL statement to run; may be empty or several lines.
    """

    name: str
    status: CheckStatus
    summary: str
    server: str = ""
    cause: str = ""
    fix: str = ""
    command: str = ""
