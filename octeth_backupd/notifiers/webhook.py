"""Notices as HTTP requests with a JSON body.

The body has the keys of the bash tool, ``status``, ``message``, ``timestamp``, ``backup_size`` and ``error``, so that
what read its requests reads ours; ``text`` for Slack and what copies it; and the notice itself under ``notice``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from octeth_backupd import __version__
from octeth_backupd.domain.notices.message import cut_beginning, cut_end, message_text, size_words
from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity, notice_json
from octeth_backupd.domain.timestamps import utc_text
from octeth_backupd.notifiers.http import HttpRequest, exchange, shown_endpoint

if TYPE_CHECKING:
    from octeth_backupd.notifiers.settings import NotifierSettings

SIGNATURE_HEADER = "X-Octeth-Signature"
_TEXT_BYTES = 30_000
_PART_BYTES = 100_000
_SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookNotifier:
    """See notifiers.base."""

    name: str
    settings: NotifierSettings
    kind: str = "webhook"

    @property
    def endpoint(self) -> str:
        """See Notifier.endpoint."""
        return shown_endpoint(self.settings.url.get_secret_value())

    @property
    def limit_seconds(self) -> float:
        """See Notifier.limit_seconds."""
        return self.settings.limit_seconds

    def has_word_for(self, notice: Notice) -> bool:  # noqa: ARG002 - it has one for all
        """See Notifier.has_word_for."""
        return True

    def send(self, notice: Notice) -> None:
        """See Notifier.send."""
        url = self.settings.url.get_secret_value()
        body = json.dumps(webhook_body(notice, for_slack=urlsplit(url).hostname in _SLACK_HOSTS)).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"octeth-backupd/{__version__}",
            **{name: value.get_secret_value() for name, value in self.settings.headers.items()},
        }
        if secret := self.settings.signing_secret.get_secret_value():
            headers[SIGNATURE_HEADER] = signature(secret, body)
        exchange(
            HttpRequest(
                method="POST",
                url=url,
                body=body,
                headers=headers,
                timeout_seconds=self.settings.timeout_seconds,
                ca_bundle=self.settings.ca_bundle,
            )
        )


def webhook_body(notice: Notice, *, for_slack: bool) -> dict[str, Any]:
    """Return the JSON document of a notice.

    Args:
        notice: Which.
        for_slack: Slack takes ``&``, ``<`` and ``>`` for its own markup unless they are escaped.
    """
    text = f"{notice.title}\n\n{message_text(notice, limit_bytes=_TEXT_BYTES)}"
    if for_slack:
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    archive_bytes = notice.fact("archive_bytes")
    tail = cut_beginning(notice.log_tail, _PART_BYTES)
    cut = replace(
        notice, text=cut_end(notice.text, _PART_BYTES), log_tail=tuple(tail.split("\n")) if notice.log_tail else ()
    )
    return {
        "status": webhook_status(notice),
        "message": notice.title,
        "timestamp": utc_text(notice.at),
        "backup_size": size_words(int(archive_bytes)) if archive_bytes.isdecimal() else "",
        "error": cut_end(_why(notice), _PART_BYTES),
        "text": text,
        "notice": json.loads(notice_json(cut)),
    }


def webhook_status(notice: Notice) -> str:
    """Return one word: ``success`` and ``failure`` as the bash tool wrote them, else what is the case."""
    match notice.kind:
        case NoticeKind.START | NoticeKind.SUCCESS | NoticeKind.DEGRADED | NoticeKind.RECOVERY | NoticeKind.TEST:
            return notice.kind.value
        case NoticeKind.FAILURE:
            return "failure"
        case _:
            return (
                "recovery" if notice.is_end else {Severity.ERROR: "failure"}.get(notice.severity, notice.severity.value)
            )


def _why(notice: Notice) -> str:
    """Return why something is wrong: a run's error, else what is said of a problem; empty when nothing is wrong."""
    is_wrong = notice.severity is not Severity.INFO and not notice.is_end
    return notice.fact("error") or (notice.text if is_wrong else "")


def signature(secret: str, body: bytes) -> str:
    """Return the value of the signature's header: HMAC-SHA256 of the body as it is sent."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
