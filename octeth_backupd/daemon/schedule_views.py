"""Schedules as the control interface shows them, from the slot ledger's entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.control.services import ScheduleView
from octeth_backupd.domain.backup import Tier

if TYPE_CHECKING:
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
