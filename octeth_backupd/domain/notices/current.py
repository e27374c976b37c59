"""A problem as it is found now, with all that is to be said about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.words import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.notices.notice import NoticeKind, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentProblem:
    """Something that is wrong now.

    Attributes:
        key: Names it as long as it lasts. What stands before its last ``/`` is its subject: of one subject one problem
            follows the other without a word about an end, since nothing is right yet.
        title: One line.
        cause: Why, in words; may be empty.
        hint: What to do, a full sentence.
        command: The command to run; may be empty.
        since: Since when it is so, as far as that is known.
        covered_by: Keys of other problems, of which this one is a consequence: whoever is told of one of them while it
            lasts is not told of this one.
        is_repeated: It is told again while it lasts.
        notifier: The notifier that it is about, which is not told of it.
    """

    key: str
    kind: NoticeKind
    severity: Severity
    server: str = ""
    title: str
    cause: str = ""
    hint: str = ""
    command: str = ""
    since: datetime
    covered_by: frozenset[str] = frozenset()
    is_repeated: bool = True
    notifier: str = ""

    @property
    def subject(self) -> str:
        """Return what it is about."""
        return subject_of(self.key)

    @property
    def text(self) -> str:
        """Return what is said beneath the title."""
        return sentence(self.cause)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Return what to do about it, as the facts of a notice."""
        return tuple((name, value) for name, value in (("hint", self.hint), ("command", self.command)) if value)


def subject_of(key: str) -> str:
    """Return the subject of a problem's key."""
    return key.rpartition("/")[0] or key
