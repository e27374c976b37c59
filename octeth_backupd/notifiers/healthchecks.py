"""Pings for dead-man switches: healthchecks.io and Uptime Kuma's push monitors.

Source:
    https://healthchecks.io/docs/http_api/ (``/start``, ``/fail``, ``/log``, ``rid``; the first 100 kB of the body are
    kept); Uptime Kuma's push route: ``GET /api/push/TOKEN?status=up|down&msg=…&ping=…``.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from octeth_backupd.domain.backup import Operation
from octeth_backupd.domain.notices.message import cut_end, message_text
from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.errors import NotifyError
from octeth_backupd.notifiers.http import HttpRequest, exchange, shown_answer, shown_endpoint
from octeth_backupd.process.clock import SystemClock

if TYPE_CHECKING:
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.notifiers.settings import NotifierSettings

_BODY_BYTES = 100_000
_MESSAGE_BYTES = 1_000
_RATE_LIMIT_SECONDS = 60
LATE_AFTER = timedelta(hours=1)
"""An older success is no sign of life any more: it would start the check's period anew, as if it were of now."""
_RUNS = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")


class Signal(StrEnum):
    """What a ping says; ``log`` changes nothing."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"
    LOG = "log"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthchecksNotifier:
    """See notifiers.base. Uptime Kuma knows no start and no log: for these nothing is sent to it."""

    name: str
    settings: NotifierSettings
    kind: str = "healthchecks"
    clock: Clock = field(default_factory=SystemClock)

    @property
    def endpoint(self) -> str:
        """See Notifier.endpoint."""
        return shown_endpoint(self.settings.url.get_secret_value())

    @property
    def limit_seconds(self) -> float:
        """See Notifier.limit_seconds."""
        return self.settings.limit_seconds

    def has_word_for(self, notice: Notice) -> bool:
        """See Notifier.has_word_for."""
        url = self.settings.url.get_secret_value()
        is_push = is_uptime_kuma(url, self.settings.style)
        return not is_push or bool(push_url(url, notice, is_late=self._is_late(notice)))

    def send(self, notice: Notice) -> None:
        """See Notifier.send."""
        url = self.settings.url.get_secret_value()
        is_late = self._is_late(notice)
        if is_uptime_kuma(url, self.settings.style):
            if pushed := push_url(url, notice, is_late=is_late):
                self._push(pushed)
            return
        body = f"{notice.title}\n\n{message_text(notice, limit_bytes=_BODY_BYTES - 1_000)}"
        answer = self._exchange("POST", ping_url(url, notice, is_late=is_late), cut_end(body, _BODY_BYTES).encode())
        # Both are said with status 200.
        if "not found" in answer:
            raise NotifyError(f"{self.endpoint} does not know this check", hint="Copy the ping URL of the check again.")
        if "rate limited" in answer:
            raise NotifyError(
                f"{self.endpoint} limits the rate of pings", retryable=True, retry_after_seconds=_RATE_LIMIT_SECONDS
            )

    def _is_late(self, notice: Notice) -> bool:
        return self.clock.now() - notice.at > LATE_AFTER

    def _push(self, url: str) -> None:
        refusal = push_refusal(self._exchange("GET", url, b""))
        if refusal is not None:
            raise NotifyError(
                f"{self.endpoint} did not take the push" + (f": {refusal}" if refusal else ""),
                hint="See that the monitor is there and active, and that its push URL is the configured one.",
            )

    def _exchange(self, method: str, url: str, body: bytes) -> str:
        return exchange(
            HttpRequest(
                method=method,
                url=url,
                body=body,
                headers={"Content-Type": "text/plain; charset=utf-8"} if body else {},
                timeout_seconds=self.settings.timeout_seconds,
                ca_bundle=self.settings.ca_bundle,
            )
        )


def signal(notice: Notice, *, is_late: bool = False) -> Signal:
    """Return what a notice is to a dead-man switch.

    A degraded backup fails the check: it is not everywhere where it should be. Other runs than backups change nothing,
    and neither does a success that is told late.
    """
    said = _signal(notice)
    return Signal.LOG if said is Signal.SUCCESS and is_late else said


def _signal(notice: Notice) -> Signal:
    if notice.fact("operation") not in ("", Operation.BACKUP):
        return Signal.LOG
    match notice.kind:
        case NoticeKind.START:
            return Signal.START
        case NoticeKind.SUCCESS | NoticeKind.RECOVERY:
            return Signal.SUCCESS
        case NoticeKind.DEGRADED | NoticeKind.FAILURE | NoticeKind.MISSED | NoticeKind.OVERDUE:
            return Signal.SUCCESS if notice.is_end else Signal.FAIL
        case _:
            return Signal.FAIL if notice.severity is Severity.ERROR and not notice.is_end else Signal.LOG


def is_uptime_kuma(url: str, style: str) -> bool:
    """Return whether an address is one of Uptime Kuma's, unless the configuration says what it is."""
    return style == "uptime-kuma" or (style == "auto" and "/api/push/" in urlsplit(url).path)


def ping_url(url: str, notice: Notice, *, is_late: bool = False) -> str:
    """Return the address of healthchecks.io to ping: the signal behind the path, the run as ``rid``."""
    parts = urlsplit(url)
    said = signal(notice, is_late=is_late)
    path = parts.path.rstrip("/") + ("" if said is Signal.SUCCESS else f"/{said}")
    query = parse_qsl(parts.query, keep_blank_values=True)
    if notice.run_id:
        query = [*(pair for pair in query if pair[0] != "rid"), ("rid", run_uuid(notice.run_id))]
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(query), ""))


def push_url(url: str, notice: Notice, *, is_late: bool = False) -> str:
    """Return the address of Uptime Kuma to ask; empty when it has no word for the notice."""
    said = signal(notice, is_late=is_late)
    if notice.kind is not NoticeKind.TEST and said in (Signal.START, Signal.LOG):
        return ""
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ("status", "msg", "ping")]
    message = notice.title if said is Signal.SUCCESS else f"{notice.title}: {notice.fact('error') or notice.text}"
    query = [
        *kept,
        ("status", "down" if said is Signal.FAIL else "up"),
        ("msg", cut_end(message.strip(), _MESSAGE_BYTES)),
        ("ping", _milliseconds(notice.fact("duration_seconds"))),
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(query, quote_via=quote), ""))


def push_refusal(answer: str) -> str | None:
    """Return why Uptime Kuma did not take a push that was answered with 200; None: nothing says that it did not.

    Source:
        Uptime Kuma's push route: ``{"ok": true}``, ``{"ok": false, "msg": "Monitor not found or not active."}``.
    """
    if answer.lstrip().startswith("<"):
        return "the answer is a page, as of something in front of it that asks for a login"
    try:
        document = json.loads(answer)
    except ValueError:
        return None
    if not isinstance(document, dict) or document.get("ok", True) is True:
        return None
    return shown_answer(str(document.get("msg") or ""))


def run_uuid(run_id: str) -> str:
    """Return a run's id in the form of a UUID, which ``rid`` must have: itself, or made from it."""
    try:
        return str(uuid.UUID(run_id))
    except ValueError:
        return str(uuid.uuid5(_RUNS, run_id))


def _milliseconds(seconds: str) -> str:
    try:
        return str(round(float(seconds) * 1000))
    except ValueError:
        return ""
