"""Numbers of things in words."""

from __future__ import annotations


def counted(count: int, word: str) -> str:
    """Return ``1 day``, ``2 days``."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
