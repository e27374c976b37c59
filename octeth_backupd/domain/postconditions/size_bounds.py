"""How far a size may be from the expected one before a backup is doubted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeBounds:
    """The bounds of ``[backup] suspect_…``.

    Attributes:
        slack_bytes: A difference smaller than this is never doubted: small databases double and halve in a day.
    """

    lowest_percent: int = 50
    highest_percent: int = 200
    slack_bytes: int = 16 << 20

    def verdict(self, found_bytes: int, expected_bytes: int) -> str | None:
        """Return "only N %" or "N %" when the size is out of bounds, else None."""
        if expected_bytes <= 0 or abs(found_bytes - expected_bytes) <= self.slack_bytes:
            return None
        percent = 100 * found_bytes // expected_bytes
        if percent < self.lowest_percent:
            return f"only {percent} %"
        return f"{percent} %" if percent > self.highest_percent else None
