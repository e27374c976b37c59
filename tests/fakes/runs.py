"""Builders of runs and their contexts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Operation, Run, RunStatus, Tier, Trigger
from octeth_backupd.pipeline.context import RunContext
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.telemetry.bus import EventBus
from tests.fakes.clock import FakeClock
from tests.fakes.installation import INSTALLATION

if TYPE_CHECKING:
    from octeth_backupd.domain.events import Event

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def a_run(
    run_id: str = "20261122-020000-aaaaaa",
    *,
    server: str = "oempro",
    trigger: Trigger = Trigger.MANUAL,
    status: RunStatus = RunStatus.QUEUED,
    operation: Operation = Operation.BACKUP,
    tiers: frozenset[Tier] = frozenset(),
    backup_id: str | None = None,
) -> Run:
    return Run(
        run_id=run_id,
        operation=operation,
        server=server,
        trigger=trigger,
        tiers=tiers,
        status=status,
        created_at=AT,
        requested_by="uid 0 (root)",
        backup_id=backup_id,
    )


class RecordedContext:
    """A run's context whose events are kept."""

    def __init__(self, run: Run | None = None) -> None:
        self.events: list[Event] = []
        self.clock = FakeClock()
        bus = EventBus()
        bus.subscribe(self.events.append)
        self.context = RunContext(
            run=run or a_run(), installation_id=INSTALLATION, bus=bus, clock=self.clock, cancellation=Cancellation()
        )

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events]
