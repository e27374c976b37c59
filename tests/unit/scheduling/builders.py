"""Builders for the tests of scheduling: a clock to set, definitions, a ledger on a real catalog."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.backup import Operation, Run, RunStatus, Slot, SlotState, Tier, Trigger
from octeth_backupd.scheduling.definition import ScheduleDefinition
from octeth_backupd.scheduling.ledger import SlotLedger

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# A Sunday; all three schedules are due at 02:00 on 1 November 2026, another Sunday.
NOON = datetime(2026, 10, 25, 12, tzinfo=UTC)
EXPRESSIONS = {Tier.DAILY: "0 2 * * *", Tier.WEEKLY: "0 2 * * sun", Tier.MONTHLY: "0 2 1 * *"}


@dataclass
class SetClock:
    """A clock that stands until it is set."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def monotonic_seconds(self) -> float:
        return self.at.timestamp()


def definition(
    tier: Tier = Tier.DAILY,
    *,
    server: str = "oempro",
    expression: str = "",
    timezone: str = "UTC",
    catch_up_seconds: int = 7 * 86400,
) -> ScheduleDefinition:
    return ScheduleDefinition(
        server=server,
        name=tier.value,
        tier=tier,
        expression=expression or EXPRESSIONS[tier],
        timezone=timezone,
        catch_up_seconds=catch_up_seconds,
    )


def all_three(server: str = "oempro") -> list[ScheduleDefinition]:
    return [definition(tier, server=server) for tier in EXPRESSIONS]


class LedgerBench:
    """A ledger on a real catalog in a temporary directory; ``restart`` opens both again, as a new process would."""

    def __init__(self, directory: Path, definitions: Sequence[ScheduleDefinition]) -> None:
        self.clock = SetClock()
        self._path = directory / "catalog.sqlite"
        self.definitions = list(definitions)
        self.catalog = Catalog.open(self._path, clock=self.clock)
        self.ledger = self._ledger()

    def _ledger(self) -> SlotLedger:
        ledger = SlotLedger(catalog=self.catalog, clock=self.clock, definitions=self.definitions)
        ledger.reconcile(self.definitions)
        return ledger

    def restart(
        self, *, after: timedelta = timedelta(0), definitions: Sequence[ScheduleDefinition] | None = None
    ) -> None:
        self.close()
        self.clock.at += after
        if definitions is not None:
            self.definitions = list(definitions)
        self.catalog = Catalog.open(self._path, clock=self.clock)
        self.ledger = self._ledger()

    def close(self) -> None:
        self.catalog.close()

    def begin_run(self, run_id: str, server: str = "oempro") -> list[Slot]:
        self.catalog.add_run(
            Run(
                run_id=run_id,
                operation=Operation.BACKUP,
                server=server,
                trigger=Trigger.SCHEDULE,
                tiers=frozenset(),
                status=RunStatus.RUNNING,
                created_at=self.clock.now(),
            )
        )
        return self.ledger.claim(server, run_id)

    def end_run(self, run_id: str, status: RunStatus = RunStatus.SUCCESS) -> None:
        self.catalog.update_run(run_id, status=status, finished_at=self.clock.now())

    def serve(self, run_id: str, server: str = "oempro") -> list[Slot]:
        slots = self.begin_run(run_id, server)
        self.ledger.served(slots, run_id)
        self.end_run(run_id)
        return slots

    def fail(self, run_id: str, server: str = "oempro") -> int | None:
        delay_seconds = self.ledger.failed(self.begin_run(run_id, server), run_id, "no space")
        self.end_run(run_id, RunStatus.FAILED)
        return delay_seconds

    def states(self, schedule: str = "daily", server: str = "oempro") -> list[tuple[datetime, SlotState]]:
        return [(slot.due_at, slot.state) for slot in self.catalog.slots(server=server, schedule=schedule, limit=5000)]
