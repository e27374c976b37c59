"""Times, durations and counts, as notices say them."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def moment_words(at: datetime) -> str:
    """Return a time for people: ``Sun 2026-11-22 02:00 UTC``."""
    return f"{at.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"


def duration_words(seconds: float) -> str:
    """Return a duration for people, never longer than it is: ``28 h``, ``3 days``, ``5 min``."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{max(whole, 0)} s"
    if whole < 2 * _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < 2 * _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} days"


def count_words(count: int, noun: str) -> str:
    """Return how many there are of something: ``1 run``, ``3 runs``, ``2 copies``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun.removesuffix('y')}ies" if noun.endswith("py") else f"{count} {noun}s"


def sentence(text: str) -> str:
    """Return a text as a sentence: it begins with a capital, unless with a name, and ends with a full stop."""
    text = text.strip()
    if not text:
        return ""
    first = text.split(maxsplit=1)[0]
    capital = text[0].upper() if first.isalpha() else text[0]
    return capital + text[1:] + ("" if text[-1] in ".!?" else ".")
