"""A notifier that reaches nobody; it passes the contract suite of the real ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.message import message_text
from octeth_backupd.errors import NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.domain.notices.notice import Notice, NoticeKind

LIMIT_BYTES = 100_000


@dataclass(slots=True, kw_only=True)
class FakeNotifier:
    """See notifiers.base.

    Attributes:
        error: Raised instead of taking a notice.
        before: Called with each notice first; may block.
        speechless: Kinds of notices for which it has no word.
    """

    name: str = "fake"
    kind: str = "fake"
    endpoint: str = "nowhere"
    limit_seconds: float = 45.0
    error: NotifyError | None = None
    before: Callable[[Notice], None] | None = None
    speechless: tuple[NoticeKind, ...] = ()
    sent: list[Notice] = field(default_factory=list)

    def has_word_for(self, notice: Notice) -> bool:
        return notice.kind not in self.speechless

    def send(self, notice: Notice) -> None:
        if self.before is not None:
            self.before(notice)
        if self.error is not None:
            raise NotifyError(
                self.error.message,
                hint=self.error.hint,
                retryable=self.error.retryable,
                retry_after_seconds=self.error.retry_after_seconds,
            )
        self.sent.append(notice)

    @property
    def texts(self) -> list[str]:
        return [f"{notice.title}\n\n{message_text(notice, limit_bytes=LIMIT_BYTES)}" for notice in self.sent]
