"""The schedules in force: the ledger knows what is due and what is paused, the scheduler wakes the daemon for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.daemon.schedule_views import schedule_views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.control.services import ScheduleView
    from octeth_backupd.scheduling.definition import ScheduleDefinition
    from octeth_backupd.scheduling.ledger import SlotLedger
    from octeth_backupd.scheduling.scheduler import Scheduler


class Schedules:
    """Keeps ledger and scheduler together."""

    def __init__(self, ledger: SlotLedger, scheduler: Scheduler) -> None:
        self._ledger = ledger
        self._scheduler = scheduler

    def take_up(self, definitions: Sequence[ScheduleDefinition]) -> None:
        """Make these the schedules in force.

        Raises:
            CatalogError: The ledger cannot be written; the scheduler has the earlier ones still.
        """
        self._ledger.reconcile(definitions)
        self._scheduler.reconcile(definitions, paused=self._ledger.paused())

    def views(self) -> list[ScheduleView]:
        """Return every schedule of every server."""
        return schedule_views(self._ledger)

    def set_paused(self, server: str, schedule: str | None, paused: bool, requested_by: str) -> None:  # noqa: FBT001 - a callback with a fixed shape
        """Pause or resume a schedule of a server, or all of its schedules."""
        if paused:
            for name in self._ledger.pause(server, schedule, requested_by):
                self._scheduler.pause(server, name)
            return
        for name in self._ledger.resume(server, schedule, requested_by):
            self._scheduler.unpause(server, name)
