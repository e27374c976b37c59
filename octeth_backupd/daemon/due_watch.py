"""Between time and work: looks what the slot ledger wants of a server now, and asks for it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.slots import trigger_for
from octeth_backupd.errors import BackupdError, BusyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.scheduling.ledger import SlotLedger

_log = structlog.get_logger("schedule")

LOOK_AGAIN_AFTER = timedelta(minutes=5)


class DueWatch:
    """Submit a run where a slot is due; put it off while a failed run's back-off lasts.

    Args:
        retry_later: Asks the scheduler to look at a server again at a time.
        blocked: Returns why no backup of a server can be taken now; empty: it can.
    """

    def __init__(
        self,
        *,
        ledger: SlotLedger,
        coordinator: Coordinator,
        clock: Clock,
        retry_later: Callable[[str, datetime], None],
        blocked: Callable[[str], str] = lambda _server: "",
    ) -> None:
        self._ledger = ledger
        self._coordinator = coordinator
        self._clock = clock
        self._retry_later = retry_later
        self._blocked = blocked
        self._skipped: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def look(self, server: str) -> None:
        """Look at one server: when a schedule fires, after each of its runs, at the start.

        What fails is logged and tried again a little later: nothing that came due is forgotten.
        """
        try:
            with self._lock:
                self._look(server)
        except BusyError:
            return  # the daemon stops; the slots stay due and are caught up at the next start
        except BackupdError as exc:
            _log.error("schedule.look_failed", server=server, error=exc.message, hint=exc.hint)
            self._look_again(server)

    def _look(self, server: str) -> None:
        # Asked before the slots are: a run that claims them in between would leave another one without any.
        if self._coordinator.will_claim(server):
            return
        at = self._ledger.next_attempt_at(server)
        now = self._clock.now()
        if at is None:
            return
        if at > now:
            self._retry_later(server, at)
            return
        due = self._ledger.due(server)
        if not due:
            return
        reason = self._blocked(server)
        if reason:
            self._skip(server, max(slot.due_at for slot in due), reason)
            return
        self._coordinator.submit_scheduled(server, trigger_for(due, now))

    def _skip(self, server: str, newest: datetime, reason: str) -> None:
        """Record once that what came due is put off; its slots stay due, and are caught up when the reason is gone."""
        if self._skipped.get(server) != newest:
            self._coordinator.record_skipped(server, reason)
            self._skipped[server] = newest

    def _look_again(self, server: str) -> None:
        try:
            self._retry_later(server, self._clock.now() + LOOK_AGAIN_AFTER)
        except BackupdError as exc:
            _log.error("schedule.retry_failed", server=server, error=exc.message, hint=exc.hint)
