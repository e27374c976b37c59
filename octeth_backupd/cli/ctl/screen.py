"""Where a command writes: plain aligned text or JSON on standard output, messages on standard error."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any, TextIO

from octeth_backupd.cli.ctl.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from octeth_backupd.cli.ctl.failure import CommandFailedError

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}

_STYLE_OF_WORD = {
    "success": "green",
    "good": "green",
    "running": "bold",
    "degraded": "yellow",
    "suspect": "yellow",
    "pending": "yellow",
    "paused": "yellow",
    "missed": "yellow",
    "interrupted": "yellow",
    "failed": "red",
    "missing": "red",
    "corrupt": "red",
}

_LEAST_WIDTH, _GREATEST_WIDTH = 40, 120

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Screen:
    """Standard output and error of one command.

    Attributes:
        as_json: ``--json`` was given: documents only, nothing for people on standard output.
        is_live: Standard output is a terminal that can redraw a line.
    """

    def __init__(self, *, out: TextIO, err: TextIO, as_json: bool, colour: bool = False, is_live: bool = False) -> None:
        self.out = out
        self.err = err
        self.as_json = as_json
        self.is_live = is_live
        self.colour = colour

    @classmethod
    def for_process(cls, *, as_json: bool) -> Screen:
        """Return the screen of this process; colour as NO_COLOR (https://no-color.org) and TERM say."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")
        is_live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        colour = is_live and not os.environ.get("NO_COLOR")
        return cls(out=sys.stdout, err=sys.stderr, as_json=as_json, colour=colour, is_live=is_live)

    @property
    def width(self) -> int:
        """Return how many columns a text may take: those of the terminal, at most 120; elsewhere lines are whole."""
        if not self.is_live:
            return sys.maxsize
        return max(_LEAST_WIDTH, min(_GREATEST_WIDTH, shutil.get_terminal_size().columns))

    @property
    def symbols(self) -> Mapping[str, str]:
        """Return the marks of check results that this output can show."""
        try:
            "✓✗".encode(getattr(self.out, "encoding", None) or "utf-8")
        except UnicodeEncodeError:
            return {"passed": "+", "warning": "!", "failed": "x", "unknown": "?"}
        return {"passed": "✓", "warning": "!", "failed": "✗", "unknown": "?"}

    def line(self, text: str = "", *, style: str = "") -> None:
        """Write a line for people; control characters in it are shown, not obeyed."""
        print(self.styled(printable(text), style), file=self.out, flush=True)

    def document(self, document: Mapping[str, Any]) -> None:
        """Write the one JSON document of a command."""
        print(json.dumps(document, indent=2, ensure_ascii=False), file=self.out, flush=True)

    def record(self, document: Mapping[str, Any]) -> None:
        """Write one JSON object of a stream, on a line of its own."""
        print(json.dumps(document, ensure_ascii=False), file=self.out, flush=True)

    def message(self, text: str) -> None:
        """Write a line to standard error."""
        print(printable(text), file=self.err, flush=True)

    def question(self, text: str) -> None:
        """Write a question to standard error; the answer is typed behind it."""
        print(printable(text), end="", file=self.err, flush=True)

    def failure(self, failure: CommandFailedError) -> None:
        """Say why a command failed and what to do; with ``--json`` as a document, too."""
        if self.as_json:
            error = {"code": failure.code, "message": failure.message, "hint": failure.hint}
            self.record({"schema_version": 1, "error": error})
        for text in filter(None, (f"octeth-backupctl: {failure.message}", failure.hint)):
            for line in wrapped(text, self.width):
                self.message(line)

    def pairs(self, pairs: Sequence[tuple[str, str]], *, indent: str = "") -> None:
        """Write names and values, values aligned."""
        width = max((len(name) for name, _ in pairs), default=0) + 2
        for name, value in pairs:
            self.line(f"{indent}{name:<{width}}{value}")

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[str] = frozenset()
    ) -> None:
        """Write aligned columns, as wide as their widest cell: never cut, whatever the terminal.

        Args:
            header: Names of the columns.
            rows: Cells; words such as ``failed`` get their colour.
            right: Columns to align on the right.
        """
        cells = [tuple(header), *(tuple(printable(cell) for cell in row) for row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
        for number, row in enumerate(cells):
            parts = []
            for column, cell in enumerate(row):
                last = column == len(row) - 1 and header[column] not in right
                padding = "" if last else " " * (widths[column] - len(cell))
                text = self.styled(cell, "bold" if number == 0 else _STYLE_OF_WORD.get(cell, ""))
                parts.append(padding + text if header[column] in right else text + padding)
            print("  ".join(parts), file=self.out, flush=True)

    def styled(self, text: str, style: str) -> str:
        """Return a text in a style, or as it is where there is no colour."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.colour and style else text


def printable(text: str) -> str:
    """Return a text without anything that a terminal would obey."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)
