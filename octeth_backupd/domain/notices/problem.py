"""A problem: something that is wrong for a while, with a beginning and an end, told again while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.notices.notice import NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem as the catalog keeps it.

    Attributes:
        key: Names it, such as ``overdue:oempro:daily``; only one of a key is open at a time.
        server: Empty when it is about the installation.
        kind: Of the notice that tells it.
        title: One line, as it was last told.
        last_told_at: When a notice of it was last put into the outbox; None: never yet.
        ended_at: None while it is open.
    """

    key: str
    server: str
    kind: NoticeKind
    title: str
    began_at: datetime
    last_told_at: datetime | None = None
    ended_at: datetime | None = None
