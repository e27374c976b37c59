"""What there is of a server, and what the retention policy in force makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.retention.decisions import RetentionPlan, protected_ids
from octeth_backupd.domain.retention.facts import BackupFacts, HoldFacts
from octeth_backupd.domain.retention.plan import plan

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.holdings import Hold
    from octeth_backupd.pipeline.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The backups of one server at a moment, and the plan for them.

    Attributes:
        backups: Newest first; those without any copy are left out.
        holds: Those that are open.
    """

    server: str
    backups: tuple[BackupFacts, ...]
    holds: tuple[Hold, ...]
    plan: RetentionPlan

    @property
    def protected(self) -> tuple[str, ...]:
        """Return what a hold that begins now protects."""
        return tuple(sorted(protected_ids(self.plan, self.backups)))


def take_inventory(server: str, parts: Parts, now: datetime) -> Inventory:
    """Return what there is of a server now."""
    backups = parts.catalog.stock.of(server, remote={storage.name: storage.is_remote for storage in parts.storages})
    holds = tuple(parts.catalog.holdings.holds(server))
    return Inventory(
        server=server,
        backups=backups,
        holds=holds,
        plan=plan(backups, policy=parts.retention, now=now, holds=[_hold_facts(hold) for hold in holds]),
    )


def _hold_facts(hold: Hold) -> HoldFacts:
    return HoldFacts(
        reason=hold.reason,
        begun_at=hold.begun_at,
        protected=frozenset(hold.protected),
        backup_id=hold.backup_id or None,
    )
