"""Restores that are not over, and safety copies whose time is: looked at from the start on, and each minute."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import Operation, Trigger
from octeth_backupd.domain.restore.order import JournalOrder
from octeth_backupd.domain.restore.safety import expired_safety_copies
from octeth_backupd.errors import BackupdError, BusyError
from octeth_backupd.pipeline.restore.unreadable import backups_blocked

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from octeth_backupd.daemon.coordinator import Coordinator
    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.domain.restore.journal import Journal
    from octeth_backupd.pipeline.parts import Parts

_log = structlog.get_logger("restores")

FIRST_DELAY = timedelta(minutes=1)
LONGEST_DELAY = timedelta(minutes=15)
REQUESTED_BY = "daemon"


class RestoreWatch:
    """Submit what restores still need: to be resolved, or to be cleaned up after."""

    def __init__(self, *, coordinator: Coordinator, clock: Clock, parts: Callable[[], Parts]) -> None:
        self._coordinator = coordinator
        self._clock = clock
        self._parts = parts
        self._tried: dict[str, tuple[datetime, timedelta]] = {}

    def look(self) -> None:
        """Look at all journals; what cannot be done now is done at a later look."""
        try:
            journals = self._parts().journals.all()
        except BackupdError as exc:
            _log.error("restore.journals_unreadable", error=exc.message, hint=exc.hint)
            return
        held = {active.run.server for active in self._coordinator.active() if active.run.operation.holds_server}
        for server in sorted({journal.server for journal in journals} - held):
            self._look_at(server, tuple(journal for journal in journals if journal.server == server))

    def blocks(self, server: str) -> str:
        """Return why no backup of a server can be taken now, empty when nothing about restores stands against it."""
        run = self._coordinator.running_of(server)
        if run is not None and run.operation in {Operation.RESTORE, Operation.UNDO, Operation.RESOLVE}:
            return f"{run.operation} {run.run_id} holds the server"
        journal = self._parts().journals.open_of(server)
        if journal is None:
            return backups_blocked(self._parts(), server)
        return f"restore {journal.restore_id} is not over, it waits in state {journal.state}"

    def _look_at(self, server: str, journals: tuple[Journal, ...]) -> None:
        is_open = next((journal for journal in journals if journal.is_open), None)
        try:
            if is_open is not None:
                self._resolve(is_open)
            elif expired_safety_copies(
                journals, now=self._clock.now(), maximum=self._parts().restore.max_safety_copies
            ):
                self._submit(Operation.EXPIRE, server, None)
        except BusyError:
            return
        except BackupdError as exc:
            _log.error("restore.look_failed", server=server, error=exc.message, hint=exc.hint)

    def _resolve(self, journal: Journal) -> None:
        """Try an open restore again, less and less often: whoever is away may be away for long."""
        now = self._clock.now()
        next_at, delay = self._tried.get(journal.restore_id, (now, FIRST_DELAY))
        if now < next_at:
            return
        self._tried[journal.restore_id] = (now + delay, min(2 * delay, LONGEST_DELAY))
        _log.warning("restore.resolving", restore_id=journal.restore_id, server=journal.server, state=journal.state)
        self._submit(Operation.RESOLVE, journal.server, JournalOrder(restore_id=journal.restore_id))

    def _submit(self, operation: Operation, server: str, order: JournalOrder | None) -> None:
        self._coordinator.submit(
            operation, server=server, trigger=Trigger.DAEMON, requested_by=REQUESTED_BY, wait=True, order=order
        )
