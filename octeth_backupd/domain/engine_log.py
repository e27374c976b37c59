"""Judging the lines an engine prints: which are errors, and whether the last one claims success.

An engine's exit code and its "completed OK!" are claims; an error line before them is evidence against both.
"""

from __future__ import annotations

import re
from enum import StrEnum

COMPLETED = "completed OK!"
MAXIMUM_ERROR_LINES = 50


class Severity(StrEnum):
    """How bad a line is; ``other`` lines carry no severity of their own."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"
    OTHER = "other"


# XtraBackup since 8.0.28, mysqld and mariadbd: time, thread, then the severity in brackets.
_SERVER_STYLE = re.compile(
    r"^(?:\S+T\S+|\d{6}\s+\d{1,2}:\d\d:\d\d|\d{4}-\d\d-\d\d\s+\d{1,2}:\d\d:\d\d)"  # three spellings of a time
    r"\s+(?:\d+\s+)?\[(?P<severity>\w+)\]",
)
# What may stand before the message itself: a copy thread's number, "FATAL ERROR: " (before the time), a time.
_PREFIX = re.compile(
    r"^(?:\[\d\d\]\s*)?(?P<fatal>FATAL ERROR: )?(?:(?:\d{4}-\d\d-\d\d|\d{6})\s+\d{1,2}:\d\d:\d\d\s*)?(?P<message>.*)$",
    re.DOTALL,
)
_PROGRAM = r"(?:(?:\S*/)?(?:xtrabackup|mariabackup|mariadb-backup|innobackupex|mbstream|xbstream):\s*)"
_ERROR_MESSAGE = re.compile(rf"^{_PROGRAM}?(?:InnoDB:\s*)?(?:fatal\s+)?(?:\[ERROR\]|error\b)", re.IGNORECASE)
_PROGRAM_ERRNO = re.compile(rf"^{_PROGRAM}.*\(errno: \d+", re.IGNORECASE)
_WARNING_MESSAGE = re.compile(rf"^{_PROGRAM}?(?:\[WARNING\]|warning\b)", re.IGNORECASE)
# XtraBackup asks perl for a newer release of itself and goes on when that fails, with words that look like an error.
_VERSION_CHECK = re.compile(r"version_check\b|DBD[:/]+mysql|DBI connect|/usr/bin/perl\b|\bperl:\s", re.IGNORECASE)

_SEVERITIES = {
    "error": Severity.ERROR,
    "fatal": Severity.ERROR,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "note": Severity.NOTE,
    "system": Severity.NOTE,
    "info": Severity.NOTE,
}


def classify(line: str) -> Severity:
    """Return the severity of one line of any engine.

    Source:
        XtraBackup >= 8.0.28: ``<ISO time> <thread> [Severity] [MY-code] [Xtrabackup] text``; <= 8.0.27 and 2.4:
        ``YYMMDD HH:MM:SS text`` and ``[01] text``; mariadb-backup 10.11: ``[01] YYYY-MM-DD HH:MM:SS text``,
        ``[00] FATAL ERROR: <time> text``, ``<time> 0 [Severity] InnoDB: text`` and bare ``mariadb-backup: text``.
    """
    text = line.strip()
    styled = _SERVER_STYLE.match(text)
    if styled is not None:
        return _SEVERITIES.get(styled["severity"].lower(), Severity.OTHER)
    if _VERSION_CHECK.search(text):
        return Severity.OTHER
    prefix = _PREFIX.match(text)
    if prefix is None or prefix["fatal"]:
        return Severity.ERROR if prefix else Severity.OTHER
    message = prefix["message"]
    if _ERROR_MESSAGE.match(message) or _PROGRAM_ERRNO.match(message):
        return Severity.ERROR
    if _WARNING_MESSAGE.match(message):
        return Severity.WARNING
    return Severity.OTHER


class LogJudge:
    """Listen to an engine's log, line by line, and keep what counts; memory does not grow with the log."""

    def __init__(self) -> None:
        self._last_line = ""
        self._error_lines: list[str] = []

    def feed(self, line: str) -> None:
        """Take one line, without its line end."""
        text = line.strip()
        if not text:
            return
        self._last_line = text
        if len(self._error_lines) < MAXIMUM_ERROR_LINES and classify(text) is Severity.ERROR:
            self._error_lines.append(text)

    @property
    def last_line(self) -> str:
        """Return the last line that is not empty."""
        return self._last_line

    @property
    def error_lines(self) -> tuple[str, ...]:
        """Return the first lines of severity error, in order, at most 50."""
        return tuple(self._error_lines)

    @property
    def completed_ok(self) -> bool:
        """Return whether the log ends as a success does."""
        return claims_success(self._last_line)


def claims_success(last_line: str) -> bool:
    """Return whether a log's last line ends in "completed OK!"."""
    return last_line.rstrip().endswith(COMPLETED)
