"""One line as monitoring systems read it.

Source:
    Monitoring Plugins Development Guidelines, "Plugin Output for Nagios" and "Performance data": one line, after a bar
    ``label=value[unit];warn;crit;min;max``, ranges ``N:`` for "not below N".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.screen import printable

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
EXIT_CODES = {"ok": OK, "warning": WARNING, "critical": CRITICAL}
"""The daemon's verdict → what the check ends with."""

_PREFIX = "OCTETH BACKUP"
_LONGEST_TEXT = 1000


def status_line(document: Json, words: str, *, max_age_seconds: int | None, min_size_bytes: int | None) -> str:
    """Return the line for a judgement.

    Args:
        document: Of ``GET /v1/freshness``.
        words: What is said for people.
        max_age_seconds: The limit, for the performance data.
        min_size_bytes: Likewise.
    """
    data = []
    for one in document["servers"]:
        if one["backup"] is not None:
            limit = "" if max_age_seconds is None else str(max_age_seconds)
            least = "" if min_size_bytes is None else f"{min_size_bytes}:"
            data.append(f"{one['server']}_age={max(0, round(one['age_seconds']))}s;;{limit};0;")
            data.append(f"{one['server']}_size={one['backup']['size_bytes']}B;;{least};0;")
    line = f"{_PREFIX} {document['verdict'].upper()} - {_plain(words)}"
    return f"{line} | {' '.join(data)}" if data else line


def unknown_line(words: str) -> str:
    """Return the line for a question that could not be answered."""
    return f"{_PREFIX} UNKNOWN - {_plain(words)}"


def _plain(words: str) -> str:
    """Return a text without line ends and bars, which mean something here."""
    text = printable(" ".join(words.split())).replace("|", "/")
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]} …"
