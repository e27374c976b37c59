"""The contract of notifiers.

A notifier hands one notice to one endpoint. ``tests/contracts/test_notifiers.py`` holds every implementation, and the
fake, to this:

**Once or an error.** ``send`` returns only when the endpoint has taken the notice. Everything else is a
``NotifyError``: the endpoint cannot be reached, resets, does not answer within ``timeout_seconds``, answers with an
error, or shows a certificate that cannot be verified. A notice whose answer was lost may arrive twice, never not at
all.

**Nothing to send.** A notice for which the endpoint knows no word, such as a start for Uptime Kuma, is not sent and
does not count as sent: ``has_word_for`` says so. There is a word for every failed backup and every test.

**Worth another try or not.** ``retryable`` is true where time alone may help: no connection, no answer, 5xx, 429, or
SMTP's 4yz. It is false where somebody must change something: a refused login or token, an unknown address, a bad
certificate. What the endpoint asks for by Retry-After is ``retry_after_seconds``.

**Texts as they are.** Quotes, newlines, ``%``, ``&`` and letters of any script arrive as they were written. What is
longer than the endpoint takes is cut, and a line says so.

**No state, no thread, no retry.** The caller repeats, waits and keeps order; calls come from one thread at a time. A
call is over soon after ``timeout_seconds`` without a sign of the endpoint; the caller has a limit of its own for one
that answers byte by byte.

**Secrets stay.** Passwords, tokens and secret parts of addresses are in no error, ``repr`` or log line: errors name the
endpoint as ``endpoint`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.notice import Notice


class Notifier(Protocol):
    """See the module."""

    @property
    def name(self) -> str:
        """Return its name in the configuration."""
        ...

    @property
    def kind(self) -> str:
        """Return the word of the configuration for what it is."""
        ...

    @property
    def endpoint(self) -> str:
        """Return where it sends to, for people: without anything secret."""
        ...

    @property
    def limit_seconds(self) -> float:
        """Return after how long a send hangs, whatever the endpoint does."""
        ...

    def has_word_for(self, notice: Notice) -> bool:
        """Return whether there is something to send of a notice now; one for which there is not is not sent."""
        ...

    def send(self, notice: Notice) -> None:
        """Hand a notice over for which it has a word.

        Raises:
            NotifyError: It did not get through, or may not have.
        """
        ...
