"""What became of each thing that the bash tool had."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Fate(StrEnum):
    """What becomes of a setting, an archive or a cron line; in the order in which a report has them."""

    BY_HAND = "to be entered by hand"
    TAKEN = "taken over"
    CHANGED = "changes its meaning"
    REVIVED = "never worked before and now does"
    IGNORED = "not taken over"
    LEFT_ALONE = "left alone"
    ADOPTED = "adopted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One line of the report.

    Attributes:
        subject: A variable, several of them, a file, or an archive.
        message: What becomes of it and why; never the value of a secret.
        source: ``file:line`` that says it; empty when nothing does.
    """

    fate: Fate
    subject: str
    message: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.message}" + (f" ({self.source})" if self.source else "")


def report_lines(notes: Iterable[Note]) -> Iterator[str]:
    """Yield the report for people, under a heading for each fate that there is."""
    everything = tuple(notes)
    for fate in Fate:
        mine = [note for note in everything if note.fate is fate]
        if mine:
            yield f"{fate.value.capitalize()}:"
            yield from (f"  {note}" for note in mine)
            yield ""
