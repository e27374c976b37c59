"""A notifier whose errors hold no secret, whatever a library or an endpoint put into them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.errors import NotifyError
from octeth_backupd.process.redaction import Redactor

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.notice import Notice
    from octeth_backupd.notifiers.base import Notifier


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedNotifier:
    """See notifiers.base; what is not a ``NotifyError`` becomes one.

    Attributes:
        redactor: Knows every secret of the configuration.
        of_errors: Knows what only this notifier's errors must not quote, and what may be a common word elsewhere.
    """

    inner: Notifier
    redactor: Redactor
    of_errors: Redactor = field(default_factory=Redactor)

    @property
    def name(self) -> str:
        """See Notifier.name."""
        return self.inner.name

    @property
    def kind(self) -> str:
        """See Notifier.kind."""
        return self.inner.kind

    @property
    def endpoint(self) -> str:
        """See Notifier.endpoint."""
        return self.redactor.redact(self.inner.endpoint)

    @property
    def limit_seconds(self) -> float:
        """See Notifier.limit_seconds."""
        return self.inner.limit_seconds

    def has_word_for(self, notice: Notice) -> bool:
        """See Notifier.has_word_for."""
        return self.inner.has_word_for(notice)

    def send(self, notice: Notice) -> None:
        """See Notifier.send."""
        try:
            self.inner.send(notice)
        except NotifyError as exc:
            # Without a cause: that one's text may hold what is masked here.
            raise NotifyError(
                self._masked(exc.message),
                hint=exc.hint,
                retryable=exc.retryable,
                retry_after_seconds=exc.retry_after_seconds,
            ) from None
        except Exception as exc:  # noqa: BLE001 - a library's surprise must not end the delivery of notices
            reason = self._masked(f"{type(exc).__name__}: {exc}")
            raise NotifyError(f"{self.endpoint}: unexpected error: {reason}", retryable=True) from None

    def _masked(self, text: str) -> str:
        # Whole secrets first: a word that one of them holds would cut it, and show the rest.
        return self.of_errors.redact(self.redactor.redact(text))
