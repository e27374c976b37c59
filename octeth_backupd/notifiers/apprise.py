"""Notices through the Apprise library, which speaks to more than a hundred services.

The library is large, an extra, and not loaded into the daemon: ``apprise_program`` speaks to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.notices.message import message_text
from octeth_backupd.domain.notices.notice import Notice, Severity
from octeth_backupd.errors import NotifyError, ProgramError
from octeth_backupd.process.apart import ask_apart

if TYPE_CHECKING:
    from octeth_backupd.notifiers.settings import NotifierSettings

PROGRAM = Path(__file__).with_name("apprise_program.py")
_SIZES_BYTES = (100_000, 30_000, 16_000, 8_000, 4_000, 2_000, 1_000, 500)
"""Lengths of the text that are offered: a service takes the first that fits it."""
_LOADING_SECONDS = 15.0
_SAID_CHARACTERS = 500
_STATUS = re.compile(r"error=(\d{3})\b")
_CLIENT_ERRORS = range(400, 500)
_TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_KINDS = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.ERROR: "FAILURE"}
_INSTALL = (
    "Install it beside the daemon's other libraries, such as with pipx: pipx install --force 'octeth-backupd[apprise]'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseNotifier:
    """See notifiers.base."""

    name: str
    settings: NotifierSettings
    kind: str = "apprise"

    @property
    def endpoint(self) -> str:
        """See Notifier.endpoint; of an address of Apprise only the scheme is surely no secret."""
        return f"{self.settings.url.get_secret_value().partition('://')[0]}:// by apprise"

    @property
    def limit_seconds(self) -> float:
        """See Notifier.limit_seconds."""
        return self.settings.limit_seconds + _LOADING_SECONDS

    def has_word_for(self, notice: Notice) -> bool:  # noqa: ARG002 - it has one for all
        """See Notifier.has_word_for."""
        return True

    def send(self, notice: Notice) -> None:
        """See Notifier.send."""
        timeout_seconds = 2.0 * self.settings.timeout_seconds + _LOADING_SECONDS
        request = {
            "url": self.settings.url.get_secret_value(),
            "title": notice.title,
            "texts": [message_text(notice, limit_bytes=size_bytes) for size_bytes in _SIZES_BYTES],
            "kind": "SUCCESS" if notice.is_end else _KINDS[notice.severity],
            "timeout_seconds": self.settings.timeout_seconds,
            "limit_seconds": round(timeout_seconds) + 1,
        }
        try:
            answer = ask_apart(PROGRAM, request, timeout_seconds=timeout_seconds)
        except ProgramError as exc:
            raise NotifyError(f"{self.endpoint}: {exc.message}", retryable=True) from exc
        self._check(answer)

    def _check(self, answer: dict[str, Any]) -> None:
        said = [str(line) for line in answer["said"]]
        if not answer["installed"]:
            raise NotifyError("the library apprise is not installed", hint=_INSTALL)
        if not answer["known"]:
            raise NotifyError(
                f"apprise does not understand the address of {self.endpoint}: {_joined(said)}",
                hint="See the page of the service in Apprise's documentation.",
            )
        if answer["sent"]:
            return
        status = next((int(match[1]) for line in said if (match := _STATUS.search(line))), None)
        refused = status in _CLIENT_ERRORS and status not in _TEMPORARY
        raise NotifyError(
            f"{self.endpoint} did not get through: {_joined(said)}",
            hint="See that the tokens in the address are still those of the service." if refused else "",
            retryable=not refused,
        )


def _joined(said: list[str]) -> str:
    return " ".join(" ".join(said).split())[:_SAID_CHARACTERS] or "it does not say why"
