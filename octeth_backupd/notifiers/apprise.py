"""Notices through the Apprise library, which speaks to more than a hundred services.

The library is large and loaded only where it is used; it is no dependency of the package but an extra.

Source:
    Apprise's wiki, "Development API"; it logs what went wrong and returns only whether something did.
"""

from __future__ import annotations

import logging
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.notices.message import message_text
from octeth_backupd.domain.notices.notice import Notice, Severity
from octeth_backupd.errors import NotifyError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.notifiers.settings import NotifierSettings

_LARGEST_BYTES = 100_000
_STATUS = re.compile(r"error=(\d{3})\b")
_CLIENT_ERRORS = range(400, 500)
_TEMPORARY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_TYPES = {Severity.INFO: "INFO", Severity.WARNING: "WARNING", Severity.ERROR: "FAILURE"}
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
        return self.settings.limit_seconds

    def send(self, notice: Notice) -> None:
        """See Notifier.send."""
        library = _library()
        with _said() as said:
            service = library.Apprise.instantiate(self.settings.url.get_secret_value(), asset=_asset(library))
            if service is None:
                raise NotifyError(
                    f"apprise does not understand the address of {self.endpoint}: {_joined(said)}",
                    hint="See the page of the service in Apprise's documentation.",
                )
            service.socket_connect_timeout = service.socket_read_timeout = float(self.settings.timeout_seconds)
            # Half of the service's own limit: it counts characters, some of which it escapes.
            limit_bytes = min(max(service.body_maxlen // 2, 500), _LARGEST_BYTES)
            # Not by an Apprise object: that one sends in threads of a pool, for which a process waits when it ends.
            has_sent = service.notify(
                title=_converted(library, service, notice.title),
                body=_converted(library, service, message_text(notice, limit_bytes=limit_bytes)),
                notify_type=getattr(library.NotifyType, "SUCCESS" if notice.is_end else _TYPES[notice.severity]),
            )
        if not has_sent:
            raise self._error(said)

    def _error(self, said: list[str]) -> NotifyError:
        status = next((int(match[1]) for line in said if (match := _STATUS.search(line))), None)
        refused = status in _CLIENT_ERRORS and status not in _TEMPORARY
        return NotifyError(
            f"{self.endpoint} did not get through: {_joined(said)}",
            hint="See that the tokens in the address are still those of the service." if refused else "",
            retryable=not refused,
        )


def _library() -> Any:
    try:
        import apprise
    except ImportError as exc:
        raise NotifyError("the library apprise is not installed", hint=_INSTALL) from exc
    return apprise


def _asset(library: Any) -> Any:
    return library.AppriseAsset(app_id="octeth-backupd", app_desc="octeth-backupd", async_mode=False)


def _converted(library: Any, service: Any, text: str) -> str:
    """Return plain text in the format that a service takes: some want HTML."""
    converted: str = library.conversion.convert_between(library.NotifyFormat.TEXT, service.notify_format, text)
    return converted


@contextmanager
def _said() -> Iterator[list[str]]:
    """Collect what the library logs in this thread."""
    collector = _Collector(threading.get_ident())
    logger = logging.getLogger("apprise")
    logger.addHandler(collector)
    try:
        yield collector.lines
    finally:
        logger.removeHandler(collector)


class _Collector(logging.Handler):
    def __init__(self, thread_id: int) -> None:
        super().__init__(level=logging.WARNING)
        self._thread_id = thread_id
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of this thread."""
        if record.thread == self._thread_id:
            self.lines.append(record.getMessage())


def _joined(said: list[str]) -> str:
    return " ".join(" ".join(said).split())[:500] or "it does not say why"
