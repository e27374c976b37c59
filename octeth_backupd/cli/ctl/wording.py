"""Numbers and times in the words of people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")
_STEP = 1024.0
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LEAST_DAYS_TOLD_AS_DAYS = 2
_LEAST_HOURS_TOLD_AS_HOURS = 2


def size(count_bytes: float) -> str:
    """Return ``1.4 GiB`` for a number of bytes."""
    value, unit = float(count_bytes), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value /= _STEP
        unit += 1
    return f"{value:.0f} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


def rate(bytes_per_second: float) -> str:
    """Return ``190.7 MiB/s``."""
    return f"{size(bytes_per_second)}/s"


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: ``4 min 10 s``."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    if whole < _LEAST_DAYS_TOLD_AS_DAYS * _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def about(seconds: float) -> str:
    """Return a length of time in one unit, never longer than it is: ``95 min``, ``9 h``, ``3 days``."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _LEAST_HOURS_TOLD_AS_HOURS * _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _LEAST_DAYS_TOLD_AS_DAYS * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} days"


def parse_time(text: str) -> datetime:
    """Return the aware time that a document's ISO 8601 text means."""
    return datetime.fromisoformat(text)


def local_time(text: str) -> str:
    """Return ``2026-11-22 05:00:00 +03``: the machine's time with its zone."""
    return parse_time(text).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def relative(text: str, *, now: datetime | None = None) -> str:
    """Return how far a time is from now: ``1 h 00 min ago``, ``in 20 min 00 s``."""
    seconds = (parse_time(text) - (now or datetime.now(UTC))).total_seconds()
    return f"in {duration(seconds)}" if seconds > 0 else f"{duration(-seconds)} ago"


def moment(text: str | None, *, now: datetime | None = None, missing: str = "-") -> str:
    """Return a time both ways: ``2026-11-22 05:00:00 +03 (1 h 00 min ago)``."""
    return missing if text is None else f"{local_time(text)} ({relative(text, now=now)})"


def next_moment(text: str, *, now: datetime | None = None) -> str:
    """Return a time that is to come both ways, and ``due now`` when it has come."""
    has_come = parse_time(text) <= (now or datetime.now(UTC))
    return "due now" if has_come else moment(text, now=now)


def short_time(text: str) -> str:
    """Return ``Sun 2026-11-22 05:00 +03``: the machine's time with its zone, to the minute."""
    return parse_time(text).astimezone().strftime("%a %Y-%m-%d %H:%M %Z")


def about_since(text: str, *, now: datetime) -> str:
    """Return how long ago a time was, in one unit: ``9 h ago``; ``just now`` for what a clock says is to come."""
    seconds = (now - parse_time(text)).total_seconds()
    return f"{about(seconds)} ago" if seconds >= 1 else "just now"


def about_until(text: str, *, now: datetime) -> str:
    """Return how far away a time to come is, in one unit: ``in 9 h``, ``now`` when it has come."""
    seconds = (parse_time(text) - now).total_seconds()
    return f"in {about(seconds)}" if seconds >= 1 else "now"


def counted(count: int, word: str) -> str:
    """Return ``1 day``, ``2 days``, ``2 copies``."""
    if count == 1:
        return f"1 {word}"
    return f"{count} {word.removesuffix('y')}ies" if word.endswith("py") else f"{count} {word}s"


def listed(names: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def run_seconds(run: dict[str, str | None], *, now: datetime | None = None) -> float | None:
    """Return how long a run took, or has taken until now; None when it has not begun."""
    begun, ended = run["started_at"], run["finished_at"]
    if begun is None:
        return None
    end = (now or datetime.now(UTC)) if ended is None else parse_time(ended)
    return (end - parse_time(begun)).total_seconds()
