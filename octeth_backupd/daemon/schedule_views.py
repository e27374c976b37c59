"""Schedules as the control interface shows them, from the slot ledger's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.control.services import ScheduleView
from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.notices.words import moment_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.scheduling.ledger import SlotLedger


def schedule_views(ledger: SlotLedger) -> list[ScheduleView]:
    """Return every schedule of every server."""
    return [
        ScheduleView(
            server=view.server,
            schedule=view.schedule,
            tier=Tier(view.schedule),
            cron=view.expression,
            timezone=view.timezone,
            next_due=view.next_at,
            paused=view.paused,
            paused_by=view.paused_by,
            last_due_at=view.last_slot_at,
            last_state=view.last_slot_state,
            paused_at=view.paused_at,
            last_run_id=view.last_run_id,
            last_detail=view.last_detail,
        )
        for view in ledger.schedule_views()
    ]


def paused_warnings(views: Iterable[ScheduleView]) -> tuple[str, ...]:
    """Return one warning for each schedule that is paused: it is easily forgotten, and nothing is backed up by it."""
    return tuple(
        f"{view.server}: the schedule {view.schedule} is paused"
        + (f" since {moment_words(view.paused_at)}" if view.paused_at is not None else "")
        + (f" by {view.paused_by}" if view.paused_by else "")
        + f": octeth-backupctl resume --server {view.server} --schedule {view.schedule}"
        for view in views
        if view.paused
    )
