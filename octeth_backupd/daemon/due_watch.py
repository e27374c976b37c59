"""Between time and work: looks what the slot ledger wants of a server now, and asks for it."""

from __future__ import annotations

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


class DueWatch:
    """Submit a run where a slot is due; put it off while a failed run's back-off lasts.

    Args:
        retry_later: Asks the scheduler to look at a server again at a time.
    """

    def __init__(
        self,
        *,
        ledger: SlotLedger,
        coordinator: Coordinator,
        clock: Clock,
        retry_later: Callable[[str, datetime], None],
    ) -> None:
        self._ledger = ledger
        self._coordinator = coordinator
        self._clock = clock
        self._retry_later = retry_later

    def look(self, server: str) -> None:
        """Look at one server; called when a schedule fires, after each of its runs, at the start, after a resume."""
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
        try:
            self._coordinator.submit_scheduled(server, trigger_for(due, now))
        except BusyError:
            return  # the daemon stops; the slots stay due and are caught up at the next start
        except BackupdError as exc:
            _log.error("schedule.submit_failed", server=server, error=exc.message, hint=exc.hint)
