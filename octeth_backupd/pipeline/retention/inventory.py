"""What the retention planner is told: backups, copies, holds and pins as the catalog has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Mode, Origin, Trigger
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.copy_detail import EXPIRING, locked_until
from octeth_backupd.domain.retention.decisions import RetentionPlan, protected_ids
from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts, HoldFacts
from octeth_backupd.domain.retention.plan import plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.pipeline.parts import Parts

_FROM_THE_START = {Mode.PREPARED: ProofLevel.PREPARED, Mode.STREAMED: ProofLevel.CONSISTENT}
"""What the post-conditions of a run here have shown of every backup before it is called good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The backups of one server at a moment, and the plan for them.

    Attributes:
        backups: As the catalog has them, newest first, those without any copy left out.
        facts: The same, as the planner sees them.
    """

    server: str
    backups: tuple[Backup, ...]
    facts: tuple[BackupFacts, ...]
    plan: RetentionPlan

    @property
    def protected(self) -> tuple[str, ...]:
        """Return what a hold that begins now protects."""
        return tuple(sorted(protected_ids(self.plan, self.facts)))


def take_inventory(server: str, parts: Parts, now: datetime) -> Inventory:
    """Return what there is of a server, and what the policy in force makes of it."""
    catalog = parts.catalog
    backups = tuple(
        backup
        for backup in catalog.all_backups(server)
        if any(copy.state is not CopyState.DELETED for copy in backup.copies)
    )
    remote = {storage.name: storage.is_remote for storage in parts.storages}
    ours = catalog.installations.ours()
    pinned = {pin.backup_id for pin in catalog.holdings.pins(server)}
    levels = _proven_levels(catalog, server)
    facts = tuple(
        BackupFacts(
            backup_id=backup.backup_id,
            taken_at=backup.taken_at,
            copies=tuple(_copy_facts(copy, remote) for copy in backup.copies),
            is_manual=backup.trigger is Trigger.MANUAL,
            is_ours=backup.installation_id in ours,
            is_adopted=backup.origin is Origin.LEGACY,
            suspect=backup.suspect,
            is_pinned=backup.backup_id in pinned,
            proof_level=_level(backup, levels),
        )
        for backup in backups
    )
    holds = tuple(
        HoldFacts(
            reason=hold.reason,
            begun_at=hold.begun_at,
            protected=frozenset(hold.protected),
            backup_id=hold.backup_id or None,
        )
        for hold in catalog.holdings.holds(server)
    )
    return Inventory(
        server=server,
        backups=backups,
        facts=facts,
        plan=plan(facts, policy=parts.retention, now=now, holds=holds),
    )


def _copy_facts(copy: Copy, remote: Mapping[str, bool]) -> CopyFacts:
    return CopyFacts(
        storage=copy.storage,
        state=copy.state,
        size_bytes=copy.size_bytes,
        is_remote=remote.get(copy.storage, True),
        verified_at=copy.verified_at,
        retained_until=locked_until(copy.detail) if copy.detail else None,
        is_expiring=copy.detail == EXPIRING,
    )


def _proven_levels(catalog: Catalog, server: str) -> dict[str, ProofLevel]:
    levels: dict[str, ProofLevel] = {}
    for proof in catalog.holdings.proofs(server):
        known = levels.get(proof.backup_id)
        if known is None or proof.level.rank > known.rank:
            levels[proof.backup_id] = proof.level
    return levels


def _level(backup: Backup, levels: Mapping[str, ProofLevel]) -> ProofLevel | None:
    shown = levels.get(backup.backup_id)
    if backup.origin is not Origin.OWN:
        return shown
    assured = _FROM_THE_START[backup.mode]
    return assured if shown is None or shown.rank < assured.rank else shown
