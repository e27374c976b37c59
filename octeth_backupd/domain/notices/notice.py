"""A notice: one thing that people or other programs are told, whichever way it goes to them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from octeth_backupd.domain.manifest_parts import UtcTime
from octeth_backupd.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Colours of terminals and control characters but for tab and line feed: programs print them, endpoints choke on it."""


class NoticeKind(StrEnum):
    """What a notice is about; the words of a notifier's ``on``."""

    START = "start"
    """A backup run has begun."""
    SUCCESS = "success"
    DEGRADED = "degraded"
    FAILURE = "failure"
    RECOVERY = "recovery"
    """Something that was told as wrong is right again."""
    MISSED = "missed"
    """A due time of a schedule passed without a backup."""
    OVERDUE = "overdue"
    UPLOAD = "upload"
    ANOMALY = "anomaly"
    HOLD = "hold"
    RESTORE = "restore"
    DISK = "disk"
    CREDENTIALS = "credentials"
    NOTIFIER = "notifier"
    """Another notifier does not get through."""
    TEST = "test"
    """An operator tries a notifier; never filtered by ``on``."""


class Severity(StrEnum):
    """How bad it is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """See the module. All texts are redacted before a notice is made durable.

    Attributes:
        notice_id: Unique; the same in every notifier.
        server: Empty when it is about the installation.
        problem: Key of the problem that it is about, such as ``overdue:oempro:daily``; empty when there is none.
        is_end: The problem is over.
        title: One line.
        text: Plain text of several lines: what happened, why, what to do. Facts and log tail are not repeated in it.
        facts: (name, value) pairs in the order in which they are shown: ``tier``, ``archive_bytes``,
            ``duration_seconds``, ``step``, ``error``, ``hint``, ``command`` and others.
        log_tail: The engine's own last lines.
    """

    notice_id: str
    kind: NoticeKind
    severity: Severity
    server: str = ""
    problem: str = ""
    is_end: bool = False
    title: str
    text: str
    at: datetime
    run_id: str = ""
    backup_id: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    log_tail: tuple[str, ...] = ()

    def fact(self, name: str) -> str:
        """Return the value of a fact; empty when it is not there."""
        return dict(self.facts).get(name, "")

    def says_is_over(self, problem: str) -> bool:
        """Return whether whoever gets it is told that a problem is over."""
        return (self.is_end and self.problem == problem) or problem in self.fact("ends").split(", ")


class _NoticeForm(BaseModel):
    """The JSON form of a notice: every key is there, no other is."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, from_attributes=True)

    notice_id: str
    kind: NoticeKind
    severity: Severity
    server: str
    problem: str
    is_end: bool
    title: str
    text: str
    at: UtcTime
    run_id: str
    backup_id: str
    facts: tuple[tuple[str, str], ...]
    log_tail: tuple[str, ...]


def redacted_notice(notice: Notice, redact: Callable[[str], str]) -> Notice:
    """Return a notice with every text that may quote something from outside without control characters and secrets."""

    def clean(text: str) -> str:
        return redact(_CONTROLS.sub("", text))  # in this order: a secret with something in the middle is found, too

    return replace(
        notice,
        title=clean(notice.title),
        text=clean(notice.text),
        facts=tuple((name, clean(value)) for name, value in notice.facts),
        log_tail=tuple(clean(line) for line in notice.log_tail),
    )


def notice_json(notice: Notice) -> str:
    """Return a notice as a JSON object on one line."""
    document: dict[str, Any] = _NoticeForm.model_validate(notice).model_dump(mode="json")
    return json.dumps(document, ensure_ascii=False)


def parse_notice(text: str) -> Notice:
    """Read what ``notice_json`` wrote.

    Raises:
        MetadataError: It is something else: a key is missing, unknown or of another type.
    """
    try:
        form = _NoticeForm.model_validate_json(text)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "top level"
        raise MetadataError(f"the notice cannot be read: {where}: {first['msg']}") from exc
    return Notice(**{name: getattr(form, name) for name in _NoticeForm.model_fields})
