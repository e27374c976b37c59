"""The contract of post-conditions.

A post-condition is a pure function over ``Evidence`` that answers one question with a ``CheckResult``. It is asked once
its stage's evidence is there; it says ``unknown``, never ``passed``, when something it needs is missing. ``failed`` and
``unknown`` fail the run; ``warning`` makes the backup suspect (it is kept, and protects what was there before it).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from octeth_backupd.domain.postconditions.evidence import Evidence

NAMES_SHOWN = 5

Part = TypeVar("Part")


class Stage(StrEnum):
    """When a post-condition is asked: after this step of a run."""

    BACKUP = "backup"
    PREPARE = "prepare"
    ARCHIVE = "archive"
    READ_BACK = "read_back"


def _always(_evidence: Evidence) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCondition:
    """A named question about a finished backup.

    Attributes:
        question: What it asks, for the documentation.
        applies: Whether the question makes sense for this evidence (MariaDB has no server uuid).
    """

    name: str
    stage: Stage
    question: str
    answer: Callable[[Evidence], Answer]
    applies: Callable[[Evidence], bool] = _always

    def evaluate(self, evidence: Evidence) -> CheckResult:
        """Answer the question."""
        try:
            answer = self.answer(evidence)
        except MetadataError as exc:
            answer = failed(exc.message, cause="The engine's own record of this backup cannot be read.")
        except MissingEvidenceError as exc:
            answer = Answer(status=CheckStatus.UNKNOWN, summary=f"cannot be judged: {exc}", fix=exc.fix)
        return CheckResult(
            name=self.name,
            server=evidence.server,
            status=answer.status,
            summary=answer.summary,
            cause=answer.cause,
            fix=answer.fix,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A CheckResult before it knows its name and server."""

    status: CheckStatus
    summary: str
    cause: str = ""
    fix: str = ""


class MissingEvidenceError(Exception):
    """Something a check needs was not gathered."""

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what)
        self.fix = fix or "Take a new backup; if this stays, report it with the run's log."


TAKE_ANOTHER = "Take a new backup; if it fails in the same way, look at the engine's lines in the run's log."


def passed(summary: str) -> Answer:
    """Say that the condition holds."""
    return Answer(status=CheckStatus.PASSED, summary=summary)


def failed(summary: str, *, cause: str = "", fix: str = TAKE_ANOTHER) -> Answer:
    """Say that the condition does not hold: this is not a good backup."""
    return Answer(status=CheckStatus.FAILED, summary=summary, cause=cause, fix=fix)


def doubted(summary: str, *, cause: str = "", fix: str = "") -> Answer:
    """Say that the backup is suspect."""
    return Answer(status=CheckStatus.WARNING, summary=summary, cause=cause, fix=fix)


def needed(part: Part | None, what: str, *, fix: str = "") -> Part:
    """Return a part of the evidence.

    Raises:
        MissingEvidenceError: It is not there.
    """
    if part is None:
        raise MissingEvidenceError(what, fix=fix)
    return part


def some(names: Iterable[str]) -> str:
    """Return the first few names and how many more there are."""
    listed = sorted(names)
    shown = ", ".join(listed[:NAMES_SHOWN])
    return shown if len(listed) <= NAMES_SHOWN else f"{shown} and {len(listed) - NAMES_SHOWN} more"
