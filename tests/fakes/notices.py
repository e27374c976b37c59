"""Small builders of notices and problems; a test names only what it is about."""

from __future__ import annotations

from typing import Any

from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.domain.notices.problem import Problem
from tests.fakes.catalog_values import START


def make_notice(kind: NoticeKind = NoticeKind.FAILURE, **fields: Any) -> Notice:
    values: dict[str, Any] = {
        "notice_id": "notice-1",
        "severity": Severity.ERROR,
        "title": "oempro: backup failed",
        "text": "The backup failed.",
        "at": START,
    }
    return Notice(kind=kind, **values | fields)


def make_problem(key: str = "overdue:oempro:daily", **fields: Any) -> Problem:
    values: dict[str, Any] = {
        "server": "oempro",
        "kind": NoticeKind.OVERDUE,
        "title": "oempro: no good daily backup",
        "began_at": START,
    }
    return Problem(key=key, **values | fields)
