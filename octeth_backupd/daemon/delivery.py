"""The outbox that delivers: what waits in the catalog goes to its notifiers, from a thread of its own.

Whoever has something to tell writes a row (``catalog.notices.tell``) and wakes this. Nothing here is called by a run's
thread but ``put`` and ``wake``, which do not wait for any endpoint. Each notifier has at most one sender at a time, so
that its notices keep their order and one that hangs holds up nobody else.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.notices.delivery import (
    FIRST_DELAY,
    LONGEST_RETRY_AFTER,
    REFUSED_DELAY,
    DeliveryState,
    end_untried,
    next_try,
)
from octeth_backupd.domain.notices.notice import redacted_notice
from octeth_backupd.errors import BackupdError, NotifyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from octeth_backupd.catalog.notices import Notices
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.notices.delivery import Delivery
    from octeth_backupd.domain.notices.notice import Notice
    from octeth_backupd.notifiers.base import Notifier

_log = structlog.get_logger("notices")

LOOK_SECONDS = 5.0
"""How often what waits is looked at; ``wake`` shortens it."""
FORGET_SECONDS = 3600.0
MOST_REFUSALS = 3
"""After so many in a row the endpoint is left alone for a while."""
MOST_HANGING_SENDERS = 3
"""So many sends that did not come back are left behind for each notifier before it is not tried any more."""


class _End(Enum):
    """What became of one try."""

    OVER = auto()
    REFUSED = auto()
    """The endpoint does not want this one; others it may want."""
    AWAY = auto()
    """Nothing else gets through now either."""


@dataclass(slots=True, kw_only=True)
class _Sender:
    """One thread that sends what is due for a notifier.

    Attributes:
        delivery: What it is sending now.
        begun_seconds: Since when, by the monotonic clock.
        is_left: It hangs: what it sent is counted as failed, and nobody waits for it.
    """

    notifier: Notifier
    thread: threading.Thread | None = None
    delivery: Delivery | None = None
    begun_seconds: float = 0.0
    is_left: bool = False


@dataclass(slots=True, kw_only=True)
class _Line:
    """What is remembered of a notifier between tries; all of it may be lost in a restart.

    Attributes:
        not_before: The endpoint is away, or the catalog takes nothing: nothing is sent until then.
        unrecorded: Deliveries that arrived, which the catalog has yet to take.
    """

    not_before: datetime | None = None
    sender: _Sender | None = None
    hanging: list[_Sender] = field(default_factory=list)
    unrecorded: set[int] = field(default_factory=set)


class NoticeDelivery:
    """Send what waits; see the module.

    Args:
        outbox: The catalog's part.
        clock: For when something is due.
        notifiers: Of the configuration in force, by name.
        redact: Masks the secrets of the configuration in force.
    """

    def __init__(
        self, *, outbox: Notices, clock: Clock, notifiers: Mapping[str, Notifier], redact: Callable[[str], str] = str
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._lock = threading.RLock()
        self._notifiers = dict(notifiers)
        self._redact = redact
        self._lines: dict[str, _Line] = {}
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._forgot_at_seconds = -FORGET_SECONDS
        self._wants_hurry = True
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send."""
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Return whether the thread does its work."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def notifiers(self) -> Mapping[str, Notifier]:
        """Return the notifiers in force."""
        return self._notifiers

    def change_notifiers(self, notifiers: Mapping[str, Notifier], *, redact: Callable[[str], str]) -> None:
        """Take new ones, and let everything that waits be tried at once: what was wrong may be mended."""
        with self._lock:
            self._notifiers, self._redact = dict(notifiers), redact
            for line in self._lines.values():
                line.not_before = None
            self._wants_hurry = True
        self.wake()

    def put(self, notices: Iterable[tuple[str, Notice]]) -> None:
        """Put (notifier, notice) pairs into the outbox, redacted; a catalog that fails is logged, nothing is raised."""
        masked = [(name, redacted_notice(notice, self._redact)) for name, notice in notices]
        if not masked:
            return
        try:
            self._outbox.tell(at=self._clock.now(), notices=masked)
        except BackupdError as exc:
            titles = sorted({notice.title for _, notice in masked})
            _log.error("notice.lost", titles=titles, error=exc.message, hint=exc.hint)
        self.wake()

    def wake(self) -> None:
        """Look at what waits now."""
        self._woken.set()

    def stop(self, *, timeout_seconds: float) -> None:
        """Give what is due a few seconds to arrive, then end; what did not arrive is sent after the next start."""
        limit = time.monotonic() + timeout_seconds
        while self.is_alive() and time.monotonic() < limit and self._is_busy():
            self.wake()
            time.sleep(0.05)
        self._ended.set()
        self.wake()
        if self._thread is not None:
            self._thread.join(timeout=1.0)

    def look(self) -> None:
        """Begin to send what is due, and leave behind what hangs; never waits for an endpoint."""
        with self._lock:
            names = dict(self._notifiers)
            wants_hurry, self._wants_hurry = self._wants_hurry, False
        if wants_hurry:
            self._take_up(names)
        for name, notifier in names.items():
            line = self._line(name)
            self._leave_hanging(name, line)
            line.hanging = [sender for sender in line.hanging if sender.thread and sender.thread.is_alive()]
            if line.sender is None and len(line.hanging) < MOST_HANGING_SENDERS and self._due(name, line):
                self._begin(name, notifier, line)
        self._forget_old()

    def _run(self) -> None:
        said = ""
        while not self._ended.is_set():
            self._woken.wait(LOOK_SECONDS)
            self._woken.clear()
            try:
                self.look()
                said = ""
            except BackupdError as exc:
                if said != exc.message:  # while it lasts it is the same each time
                    _log.warning("notices.look_failed", error=exc.message, hint=exc.hint)
                said = exc.message
            except Exception:  # noqa: BLE001 - this thread must outlive whatever happens in it
                _log.exception("notices.look_failed")

    def _take_up(self, names: Mapping[str, Notifier]) -> None:
        try:
            unreadable = self._outbox.give_up_unreadable(at=self._clock.now())
            given_up = self._outbox.give_up_others(tuple(names), at=self._clock.now())
            self._outbox.hurry(at=self._clock.now())
        except BackupdError:
            self._wants_hurry = True
            raise
        if unreadable:
            _log.error("notices.given_up", count=unreadable, reason="another release wrote them")
        if given_up:
            _log.warning("notices.given_up", count=given_up, reason="their notifiers are not configured any more")

    def _line(self, name: str) -> _Line:
        with self._lock:
            return self._lines.setdefault(name, _Line())

    def _due(self, name: str, line: _Line) -> list[Delivery]:
        """Return what may be sent now, in order."""
        now = self._clock.now()
        if line.not_before is not None and now < line.not_before <= now + LONGEST_RETRY_AFTER:
            return []  # further off it can only be after the clock was set back
        return self._outbox.due(name, at=now)

    def _is_busy(self) -> bool:
        try:
            lines = [(name, self._line(name)) for name in list(self._notifiers)]
            return any(line.sender is not None or self._due(name, line) for name, line in lines)
        except BackupdError:
            return False

    def _begin(self, name: str, notifier: Notifier, line: _Line) -> None:
        sender = _Sender(notifier=notifier)
        sender.thread = threading.Thread(
            target=self._send_all, args=(name, line, sender), name=f"notifier-{name}", daemon=True
        )
        with self._lock:
            sender.thread.start()
            line.sender = sender

    def _send_all(self, name: str, line: _Line, sender: _Sender) -> None:
        refused = 0
        try:
            for delivery in self._due(name, line):
                if sender.is_left or self._ended.is_set() or not self._is_current(name, sender):
                    return
                end = self._deliver(name, line, sender, delivery)
                if end is _End.AWAY:
                    return
                refused = refused + 1 if end is _End.REFUSED else 0
                if refused >= MOST_REFUSALS:
                    line.not_before = self._clock.now() + REFUSED_DELAY
                    return
        except BackupdError as exc:
            self._let_rest(line)
            _log.warning("notices.outbox_failed", notifier=name, error=exc.message, hint=exc.hint)
        except Exception:  # noqa: BLE001 - logged; a later look begins a new sender
            self._let_rest(line)
            _log.exception("notices.sender_failed", notifier=name)
        finally:
            with self._lock:
                if line.sender is sender:
                    line.sender = None
            if not self._ended.is_set() and not sender.is_left:
                self.wake()  # for what came meanwhile

    def _let_rest(self, line: _Line) -> None:
        """Send nothing for a while: what could not be written down would be done over and over."""
        now = self._clock.now()
        at = now + FIRST_DELAY
        if line.not_before is None or not at < line.not_before <= now + LONGEST_RETRY_AFTER:
            line.not_before = at

    def _is_current(self, name: str, sender: _Sender) -> bool:
        return self._notifiers.get(name) is sender.notifier

    def _deliver(self, name: str, line: _Line, sender: _Sender, delivery: Delivery) -> _End:
        """Send one; return what became of it."""
        if delivery.delivery_id in line.unrecorded:
            self._record_sent(line, delivery)
            return _End.OVER
        is_moot = self._outbox.is_overtaken(delivery) or not sender.notifier.has_word_for(delivery.notice)
        end = end_untried(delivery, self._clock.now(), is_moot=is_moot)
        if end is not None:
            self._outbox.end_delivery(delivery.delivery_id, end, at=self._clock.now())
            write = _log.error if end is DeliveryState.GIVEN_UP else _log.info
            write(f"notice.{end}", notifier=name, title=delivery.notice.title, error=delivery.last_error or None)
            return _End.OVER
        with self._lock:
            sender.delivery, sender.begun_seconds = delivery, self._clock.monotonic_seconds()
        try:
            sender.notifier.send(delivery.notice)
        except NotifyError as exc:
            return self._failed(name, line, sender, exc)
        with self._lock:
            sender.delivery = None
        self._record_sent(line, delivery)
        _log.info("notice.sent", notifier=name, title=delivery.notice.title, tries=delivery.tries + 1)
        return _End.OVER

    def _record_sent(self, line: _Line, delivery: Delivery) -> None:
        """Write down that one arrived; while the catalog does not take it, it is remembered and not sent again."""
        line.unrecorded.add(delivery.delivery_id)
        self._outbox.end_delivery(delivery.delivery_id, DeliveryState.SENT, at=self._clock.now())
        line.unrecorded.discard(delivery.delivery_id)

    def _failed(self, name: str, line: _Line, sender: _Sender, error: NotifyError) -> _End:
        """Note a failure."""
        with self._lock:
            delivery, sender.delivery = sender.delivery, None
        if delivery is None:
            return _End.AWAY  # noted as hanging already
        now = self._clock.now()
        at = next_try(
            now, tries=delivery.tries + 1, is_retryable=error.retryable, retry_after_seconds=error.retry_after_seconds
        )
        if self._is_current(name, sender):
            line.not_before = at
        message = f"{error.message}. {error.hint}" if error.hint else error.message
        _log.warning(
            "notice.failed",
            notifier=name,
            title=delivery.notice.title,
            tries=delivery.tries + 1,
            error=error.message,
            hint=error.hint or None,
            next_try_at=at,
        )
        self._outbox.note_failure(delivery.delivery_id, error=message, at=now, next_try_at=at)
        if error.retryable:
            return _End.AWAY
        line.not_before = None  # the catalog knows when this one is tried again; others may be wanted
        return _End.REFUSED

    def _leave_hanging(self, name: str, line: _Line) -> None:
        with self._lock:
            sender = line.sender
            if sender is None or sender.delivery is None:
                return
            lasting_seconds = self._clock.monotonic_seconds() - sender.begun_seconds
            if lasting_seconds <= sender.notifier.limit_seconds:
                return
            sender.is_left, line.sender = True, None
            line.hanging.append(sender)
        error = NotifyError(f"{sender.notifier.endpoint} hangs: nothing after {lasting_seconds:.0f} s", retryable=True)
        self._failed(name, line, sender, error)

    def _forget_old(self) -> None:
        now_seconds = self._clock.monotonic_seconds()
        if now_seconds - self._forgot_at_seconds >= FORGET_SECONDS:
            self._forgot_at_seconds = now_seconds
            self._outbox.forget_old(at=self._clock.now())
