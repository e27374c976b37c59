"""What there is of a server, as retention looks at it: one quick look at thousands of backups."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.figures import FigureRows
from octeth_backupd.catalog.installations import ours_query
from octeth_backupd.catalog.schema import backups, copies, pins, proofs
from octeth_backupd.domain.backup import CopyState, Mode, Origin, Tier, Trigger
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.retention.copy_detail import EXPIRING, locked_until
from octeth_backupd.domain.retention.facts import BackupFacts, CopyFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from octeth_backupd.catalog.database import Database

_FROM_THE_START = {Mode.PREPARED: ProofLevel.PREPARED, Mode.STREAMED: ProofLevel.CONSISTENT}
"""What the post-conditions of a run here have shown of every backup before it is called good."""

_STATES = {state.value: state for state in CopyState}
_TIERS = {tier.value: tier for tier in Tier}
# Plain text, so that no type of SQLAlchemy is asked ten times a row.
_COLUMNS = (
    backups.c.backup_id,
    backups.c.taken_at,
    backups.c.trigger,
    backups.c.tier,
    backups.c.installation_id,
    backups.c.origin,
    backups.c.mode,
    backups.c.suspect,
    copies.c.storage,
    copies.c.state,
    copies.c.size_bytes,
    copies.c.verified_at,
    copies.c.detail,
    copies.c.updated_at,
)
_PROOF_COLUMNS = (proofs.c.backup_id, proofs.c.level, proofs.c.storage, proofs.c.proven_at)


class Stock:
    """The backups that have a copy which is not deleted.

    Attributes:
        figures: Everything that is counted.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.figures = FigureRows(database)

    def of(self, server: str, *, remote: Mapping[str, bool], backup_id: str | None = None) -> tuple[BackupFacts, ...]:
        """Return the backups of a server with their copies, newest first, all as of one moment.

        Args:
            server: Whose.
            remote: Storage backends by name, and whether each is remote; unknown ones are taken for remote.
            backup_id: Only this one of them.
        """
        query = (
            sa.select(*(sa.type_coerce(column, sa.Text) for column in _COLUMNS))
            .join_from(copies, backups)
            .where(backups.c.server == server, copies.c.state != CopyState.DELETED)
            .order_by(backups.c.taken_at.desc(), backups.c.backup_id.desc(), copies.c.storage)
        )
        of_server = sa.select(backups.c.backup_id).where(backups.c.server == server)
        if backup_id is not None:
            query, of_server = (one.where(backups.c.backup_id == backup_id) for one in (query, of_server))
        with self._database.read() as connection:
            rows: Sequence[Sequence[Any]] = connection.execute(query).all()
            ours = frozenset(str(found) for found in connection.scalars(ours_query()))
            pinned = frozenset(connection.scalars(sa.select(pins.c.backup_id).where(pins.c.unpinned_at.is_(None))))
            shown = connection.execute(
                sa.select(*(sa.type_coerce(column, sa.Text) for column in _PROOF_COLUMNS)).where(
                    proofs.c.backup_id.in_(of_server)
                )
            ).all()
        levels = _highest_levels(shown)
        confirmed = _last_confirmed(shown)
        return tuple(
            _facts(list(group), remote, ours, pinned, levels.get(backup_id), confirmed.get(backup_id, {}))
            for backup_id, group in groupby(rows, key=itemgetter(0))
        )


def _facts(
    rows: Sequence[Sequence[Any]],
    remote: Mapping[str, bool],
    ours: frozenset[str],
    pinned: frozenset[str],
    level: ProofLevel | None,
    confirmed: Mapping[str, str],
) -> BackupFacts:
    backup_id, taken_at, trigger, tier, installation_id, origin, mode, suspect = rows[0][:8]
    return BackupFacts(
        backup_id=backup_id,
        taken_at=datetime.fromisoformat(taken_at),
        tier=_TIERS[tier],
        copies=tuple(_copy(row[8:], remote, confirmed) for row in rows),
        is_manual=trigger == Trigger.MANUAL,
        is_ours=installation_id in ours,
        is_adopted=origin == Origin.LEGACY,
        suspect=suspect,
        is_pinned=backup_id in pinned,
        proof_level=level if origin != Origin.OWN else _at_least(_FROM_THE_START[Mode(mode)], level),
    )


def _copy(row: Sequence[Any], remote: Mapping[str, bool], confirmed: Mapping[str, str]) -> CopyFacts:
    storage, state, size_bytes, verified_at, detail, updated_at = row
    confirmed_at = confirmed.get(storage, "")
    # What was confirmed is true of the copy that was there then: one that was lost and came back is another.
    if confirmed_at >= updated_at or state == CopyState.RETAINED:
        verified_at = max(verified_at or "", confirmed_at)
    return CopyFacts(
        storage=storage,
        state=_STATES[state],
        size_bytes=int(size_bytes),
        is_remote=remote.get(storage, True),
        verified_at=datetime.fromisoformat(verified_at) if verified_at else None,
        retained_until=locked_until(detail) if detail else None,
        is_expiring=detail == EXPIRING,
    )


def _highest_levels(shown: Iterable[Sequence[str]]) -> dict[str, ProofLevel]:
    levels: dict[str, ProofLevel] = {}
    for backup_id, level, _, _ in shown:
        levels[backup_id] = _at_least(ProofLevel(level), levels.get(backup_id))
    return levels


def _last_confirmed(shown: Iterable[Sequence[str]]) -> dict[str, dict[str, str]]:
    """Return when each copy's bytes were last shown to be the right ones: backup → storage backend → time."""
    times: dict[str, dict[str, str]] = {}
    for backup_id, _, storage, proven_at in shown:
        of_backup = times.setdefault(backup_id, {})
        of_backup[storage] = max(of_backup.get(storage, ""), proven_at)
    return times


def _at_least(level: ProofLevel, other: ProofLevel | None) -> ProofLevel:
    return level if other is None or other.rank < level.rank else other
