"""Names that others made, on one line of a terminal."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return a text without line breaks and without anything that a terminal would obey; tabs stay."""
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
