"""How notifiers stand, and trying them; see control.notifier_services.NotifierServices."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.control.notifier_services import NotifierStatus, NotifierTest
from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.domain.notices.delivery import NotifierStanding
from octeth_backupd.domain.notices.notice import Notice, NoticeKind, Severity
from octeth_backupd.domain.notices.problems import notifier_key
from octeth_backupd.domain.timestamps import utc_text
from octeth_backupd.errors import NotFoundError, NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.catalog.notices import Notices
    from octeth_backupd.daemon.delivery import NoticeDelivery
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.notices.current import CurrentProblem
    from octeth_backupd.notifiers.base import Notifier
    from octeth_backupd.notifiers.settings import NotifierSettings

_log = structlog.get_logger("notices")

NO_NOTIFIER = CheckResult(
    name="notifiers",
    status=CheckStatus.WARNING,
    summary="no notifier is configured: nobody is told of anything",
    cause="A backup that fails, or is not made at all, is seen only by whoever looks.",
    fix="Add a table [notify.NAME] as in docs/how-to/notifications.md, reload, and try it.",
    command="octeth-backupctl notify test",
)


class DaemonNotifierServices:
    """Implements control.notifier_services.NotifierServices.

    Args:
        outbox: The catalog's part.
        delivery: Holds the notifiers in force.
        settings: Returns their settings, by name.
        problems: Returns what is wrong now.
    """

    def __init__(
        self,
        *,
        outbox: Notices,
        delivery: NoticeDelivery,
        clock: Clock,
        settings: Callable[[], Mapping[str, NotifierSettings]],
        problems: Callable[[], tuple[CurrentProblem, ...]],
    ) -> None:
        self._outbox = outbox
        self._delivery = delivery
        self._clock = clock
        self._settings = settings
        self._problems = problems

    def problems(self) -> tuple[CurrentProblem, ...]:
        """Return what is wrong now, as it was seen at the last look."""
        return self._problems()

    def notifiers(self) -> tuple[NotifierStatus, ...]:
        """See NotifierServices.notifiers."""
        standings, settings = self._outbox.standings(), self._settings()
        return tuple(
            _status(notifier, settings[name], standings.get(name, NotifierStanding(notifier=name)))
            for name, notifier in self._delivery.notifiers.items()
            if name in settings
        )

    def warnings(self) -> dict[str, str]:
        """Return what is to be said of notifiers that do not get through: problem that says the same → words."""
        return {notifier_key(one.name): _failing_words(one) for one in self.notifiers() if one.state == "failing"}

    def checks(self) -> list[CheckResult]:
        """Return one answer for each notifier, for ``doctor``, or that there is none; sends nothing."""
        return [_check(one) for one in self.notifiers()] or [NO_NOTIFIER]

    def test_notifiers(self, *, name: str | None, requested_by: str) -> list[NotifierTest]:
        """See NotifierServices.test_notifiers."""
        known = dict(self._delivery.notifiers)
        if not known:
            raise NotFoundError("no notifier is configured", hint="Add a table [notify.NAME] to the configuration.")
        if name is not None and name not in known:
            raise NotFoundError(f"no notifier {name!r}", hint=f"There are: {', '.join(sorted(known))}.")
        wanted = known if name is None else {name: known[name]}
        tries = [_Try(notifier, self._notice(requested_by)) for notifier in wanted.values()]
        for one in tries:
            one.thread.start()
        results = [one.result() for one in tries]
        for result in results:
            _log.info("notifier.tested", notifier=result.name, requested_by=requested_by, error=result.error or None)
        return results

    def _notice(self, requested_by: str) -> Notice:
        now = self._clock.now()
        return Notice(
            notice_id=f"test-{uuid.uuid4().hex}",
            kind=NoticeKind.TEST,
            severity=Severity.INFO,
            title="test of octeth-backupd's notifications",
            text="This is a test: nothing has happened, and there is nothing to do.",
            at=now,
            facts=(("requested_by", requested_by),),
        )


class _Try:
    """One send in a thread of its own, which may be left behind."""

    def __init__(self, notifier: Notifier, notice: Notice) -> None:
        self._notifier = notifier
        self._notice = notice
        self._begun_seconds = time.monotonic()
        self._seconds: float | None = None
        self._error: NotifyError | None = None
        self.thread = threading.Thread(target=self._send, name=f"notifier-test-{notifier.name}", daemon=True)

    def result(self) -> NotifierTest:
        """Wait for the outcome, within the notifier's limit."""
        self.thread.join(max(self._begun_seconds + self._notifier.limit_seconds - time.monotonic(), 0.0))
        lasting_seconds = time.monotonic() - self._begun_seconds
        error = self._error
        if self._seconds is None and error is None:
            error = NotifyError(f"{self._notifier.endpoint} hangs: nothing after {lasting_seconds:.0f} s")
        return NotifierTest(
            name=self._notifier.name,
            kind=self._notifier.kind,
            endpoint=self._notifier.endpoint,
            duration_seconds=round(self._seconds or lasting_seconds, 3),
            error="" if error is None else error.message,
            hint="" if error is None else error.hint,
        )

    def _send(self) -> None:
        try:
            self._notifier.send(self._notice)
        except NotifyError as exc:
            self._error = exc
        self._seconds = time.monotonic() - self._begun_seconds


def _status(notifier: Notifier, settings: NotifierSettings, standing: NotifierStanding) -> NotifierStatus:
    was_used = standing.waiting or standing.last_sent_at or standing.last_failed_at
    return NotifierStatus(
        name=notifier.name,
        kind=notifier.kind,
        endpoint=notifier.endpoint,
        on=tuple(kind.value for kind in settings.kinds),
        state="failing" if standing.is_failing else "ok" if was_used else "unused",
        waiting=standing.waiting,
        waiting_since=standing.waiting_since,
        next_try_at=standing.next_try_at,
        last_sent_at=standing.last_sent_at,
        last_failed_at=standing.last_failed_at,
        last_error=standing.last_error,
        given_up=standing.given_up,
    )


def _failing_words(status: NotifierStatus) -> str:
    since = "" if status.waiting_since is None else f" since {utc_text(status.waiting_since)}"
    count = "1 notice waits" if status.waiting == 1 else f"{status.waiting} notices wait"
    return f"notifier {status.name} does not get through, {count}{since}: {status.last_error}"


def _check(status: NotifierStatus) -> CheckResult:
    name = f"notifier {status.name}"
    if status.state == "failing":
        return CheckResult(
            name=name,
            status=CheckStatus.WARNING,
            summary=_failing_words(status),
            cause="Until it gets through, nobody is told of anything by it.",
            fix="Correct the notifier's table or its endpoint, reload, and try it.",
            command=f"octeth-backupctl notify test {status.name}",
        )
    summary = f"{status.kind} to {status.endpoint}: "
    if status.last_sent_at is None:
        return CheckResult(name=name, status=CheckStatus.PASSED, summary=f"{summary}nothing was sent yet")
    return CheckResult(name=name, status=CheckStatus.PASSED, summary=f"{summary}last {utc_text(status.last_sent_at)}")
