"""What the control interface shows of a schedule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.backup import SlotState


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """A schedule of a server as it stands.

    Attributes:
        explain: The cron rule in English.
        next_at: When it fires next; None while it is paused.
        last_slot_at: The newest slot that has come.
        last_run_id: The run that served it, or tried to.
        last_detail: What the ledger says about it.
        due_count: Slots that wait for a run or are being served by one.
    """

    server: str
    schedule: str
    expression: str
    explain: str
    timezone: str
    next_at: datetime | None
    paused: bool
    paused_by: str
    last_slot_state: SlotState | None
    last_slot_at: datetime | None
    due_count: int
    paused_at: datetime | None = None
    last_run_id: str | None = None
    last_detail: str = ""
