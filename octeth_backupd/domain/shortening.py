"""Errors of a length that people read: a program may print a megabyte on one line."""

from __future__ import annotations

LONGEST_ERROR_BYTES = 2_000
"""Of an error in the catalog and in notices; the log has all of what a program printed."""


def shortened(text: str) -> str:
    """Return a text without its middle, and a note, where it is longer than an error may be."""
    content = text.encode()
    if len(content) <= LONGEST_ERROR_BYTES:
        return text
    note = f" … ({len(content):,} bytes in all, the middle is cut) … "
    half = (LONGEST_ERROR_BYTES - len(note.encode())) // 2
    return content[:half].decode(errors="ignore") + note + content[-half:].decode(errors="ignore")
