"""Texts of any length within the width of a screen: wrapped between words, what belongs together aligned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from octeth_backupd.cli.ctl.screen import Screen


NAME_WIDTH = 13
"""Where the texts of ``status`` begin behind their names, so that those of all its parts are aligned."""

_LEAST_WIDTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A name and what stands behind it.

    Attributes:
        text: Its lines are kept, and wrapped where they are too long.
        style: Of the whole entry.
        is_whole: It is not wrapped: something to copy, such as a command.
    """

    name: str
    text: str
    style: str = ""
    is_whole: bool = False


def wrapped(text: str, width: int, *, hang: int = 0) -> Iterator[str]:
    """Yield a text's lines, indents kept; those that are too long in several, further ones indented by ``hang``."""
    for line in text.splitlines() or [""]:
        yield from _wrapped_line(line, max(width, _LEAST_WIDTH), " " * hang)


def _wrapped_line(line: str, width: int, hang: str) -> Iterator[str]:
    words, written = line.split(" "), ""
    for number, word in enumerate(words):
        longer = f"{written} {word}" if number else word
        if len(longer) <= width:
            written = longer
            continue
        if written.strip():
            yield written
        written = f"{hang}{word}"
        while len(written) > width:
            # Behind a slash, so that the parts of a path stay whole.
            end = written.rfind("/", len(hang) + 1, width) + 1 or width
            yield written[:end]
            written = hang + written[end:]
    yield written


def show_wrapped(text: str, screen: Screen, *, indent: int = 0, hang: int = 0, style: str = "") -> None:
    """Write a text, further lines of it indented by ``hang`` more."""
    for line in wrapped(text, screen.width - indent, hang=hang):
        screen.line(" " * indent + line, style=style)


def show_entries(entries: Sequence[Entry], screen: Screen, *, indent: int = 0, name_width: int = 0) -> None:
    """Write names and texts, texts aligned.

    Args:
        entries: What to write; a name may be empty.
        screen: Where.
        indent: Of the names.
        name_width: The texts begin at least so far behind the indent.
    """
    column = max([name_width, *(len(entry.name) + 2 for entry in entries)])
    for entry in entries:
        room = screen.width - indent - column
        lines = wrapped(entry.text, room)
        if entry.is_whole:
            lines = iter(entry.text.splitlines())
        for number, line in enumerate(lines):
            name = entry.name if number == 0 else ""
            screen.line(f"{'':<{indent}}{name:<{column}}{line}".rstrip(), style=entry.style)
