"""The catalog in figures: sums over thousands of backups and runs, made by SQLite in one look."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.installations import ours_query
from octeth_backupd.catalog.schema import backups, copies, holds, proofs, runs, schedule_states, slots, steps
from octeth_backupd.catalog.standing_rows import last_good_query
from octeth_backupd.domain.backup import CopyState, Operation, RunStatus, SlotState, Tier
from octeth_backupd.domain.figures import (
    CatalogFigures,
    CopyFigures,
    EndedRun,
    GoodBackup,
    PendingFigures,
    StepFigures,
)
from octeth_backupd.domain.holdings import ProofLevel
from octeth_backupd.domain.summary import READABLE_STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from octeth_backupd.catalog.database import Database

_WAITING = (CopyState.PENDING, CopyState.UPLOADING)
_FILES = ("", "-wal")
_TIERS = {tier.value for tier in Tier}
_COUNT = sa.func.count()
_SEPARATOR = " "

PROVEN_BY_A_SERVER = (ProofLevel.STARTED, ProofLevel.ASSERTED)
"""Levels that no backup has from its own run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Figures that were read.

    Attributes:
        state: What the catalog and the question were then.
        until: What was dated later did not count.
        next_at: The first backup that did not; None: all did.
    """

    state: tuple[int, tuple[str, ...]]
    until: datetime
    next_at: datetime | None
    figures: CatalogFigures

    def holds_for(self, until: datetime) -> bool:
        """Return whether the same backups count until another time."""
        return self.until <= until and (self.next_at is None or until < self.next_at)


class FigureRows:
    """Asks for everything that is counted; again only when the catalog has changed since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._known: _Reading | None = None

    def read(self, servers: Iterable[str], *, until: datetime) -> CatalogFigures:
        """Return all figures as of one moment.

        Args:
            servers: Whose newest backup and run are looked up.
            until: A backup or run that is dated later was dated by a wrong clock, and is not the newest of anything.
        """
        names = tuple(servers)
        with self._lock:
            # Looked at before the reading: what is written meanwhile makes the next caller ask again.
            state = (self._database.changes, names)
            if self._known is None or self._known.state != state or not self._known.holds_for(until):
                self._known = self._read(state, until)
            return replace(self._known.figures, size_bytes=self._size_bytes())

    def _read(self, state: tuple[int, tuple[str, ...]], until: datetime) -> _Reading:
        servers = state[1]
        with self._database.read() as connection:
            stock = _stock(connection, until)
            figures = CatalogFigures(
                good={server: backup for server in servers if (backup := _good(connection, server, until))},
                good_of_tier=stock.good_of_tier,
                ended={server: run for server in servers if (run := _ended(connection, server, until))},
                runs=_runs(connection),
                slots=_slots(connection),
                copies=stock.copies,
                pending=stock.pending,
                holds=_holds(connection),
                proven=_proven(connection),
                known_since=_known_since(connection),
            )
            return _Reading(state=state, until=until, next_at=_first_after(connection, until), figures=figures)

    def _size_bytes(self) -> int:
        files = (self._database.path.with_name(self._database.path.name + ending) for ending in _FILES)
        return sum(file.stat().st_size for file in files if file.exists())


def _good(connection: sa.Connection, server: str, until: datetime) -> GoodBackup | None:
    row = connection.execute(last_good_query(server, until=until)).mappings().first()
    return None if row is None else GoodBackup(**row)


def _first_after(connection: sa.Connection, until: datetime) -> datetime | None:
    of_time = backups.c.taken_at.type
    later = backups.c.taken_at > sa.literal(until, of_time)
    first: datetime | None = connection.scalar(sa.select(sa.func.min(backups.c.taken_at, type_=of_time)).where(later))
    return first


def _without_spaces(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    return sa.func.replace(sa.type_coerce(column, sa.Text), _SEPARATOR, "", type_=sa.Text)


def _ended(connection: sa.Connection, server: str, until: datetime) -> EndedRun | None:
    outcomes = [status for status in RunStatus if status.is_final and status is not RunStatus.SKIPPED]
    query = (
        sa.select(runs.c.run_id, runs.c.status, runs.c.created_at, runs.c.started_at, runs.c.finished_at)
        .where(
            runs.c.server == server,
            runs.c.operation == Operation.BACKUP,
            runs.c.status.in_(outcomes),
            runs.c.finished_at.is_not(None),
            runs.c.created_at <= sa.literal(until, runs.c.created_at.type),
        )
        .order_by(runs.c.created_at.desc(), runs.c.run_id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    began = row.started_at or row.created_at
    return EndedRun(
        run_id=row.run_id,
        status=row.status,
        finished_at=row.finished_at,
        duration_seconds=(row.finished_at - began).total_seconds(),
        steps=tuple(_steps(connection, row.run_id)),
    )


def _steps(connection: sa.Connection, run_id: str) -> Iterator[StepFigures]:
    query = (
        sa.select(steps).where(steps.c.run_id == run_id, steps.c.finished_at.is_not(None)).order_by(steps.c.position)
    )
    for row in connection.execute(query):
        seconds = (row.finished_at - row.started_at).total_seconds()
        yield StepFigures(
            name=row.name,
            duration_seconds=float(row.detail.get("duration_seconds", seconds)),
            done_bytes=row.detail.get("done_bytes"),
        )


def _runs(connection: sa.Connection) -> dict[tuple[str, Operation, RunStatus], int]:
    counted = {}
    for (server, operation, status), (count,) in _grouped(
        connection, sa.select(_COUNT), runs.c.server, runs.c.operation, runs.c.status
    ):
        if RunStatus(status).is_final:
            counted[server, Operation(operation), RunStatus(status)] = int(count)
    return counted


def _slots(connection: sa.Connection) -> dict[tuple[str, Tier, SlotState], int]:
    rows = _grouped(connection, sa.select(_COUNT), slots.c.server, slots.c.tier, slots.c.state)
    return {(server, Tier(tier), SlotState(state)): int(count) for (server, tier, state), (count,) in rows}


@dataclass(slots=True)
class _Stock:
    """What one look at all copies and their backups shows."""

    copies: dict[tuple[str, Tier, str, CopyState], CopyFigures] = field(default_factory=dict)
    pending: dict[tuple[str, str], PendingFigures] = field(default_factory=dict)
    good_of_tier: dict[tuple[str, Tier], datetime] = field(default_factory=dict)


def _stock(connection: sa.Connection, until: datetime) -> _Stock:
    is_good = sa.and_(
        backups.c.suspect == "",
        backups.c.installation_id.in_(ours_query()),
        backups.c.taken_at <= sa.literal(until, backups.c.taken_at.type),
    )
    query = (
        sa.select(
            _COUNT,
            sa.func.sum(copies.c.size_bytes),
            sa.func.min(sa.type_coerce(backups.c.finished_at, sa.Text)),
            sa.func.max(sa.case((is_good, sa.type_coerce(backups.c.taken_at, sa.Text)))),
        )
        .join_from(copies, backups)
        .where(copies.c.state != CopyState.DELETED)
    )
    columns = (backups.c.server, backups.c.tier, copies.c.storage, copies.c.state, _without_spaces(backups.c.tiers))
    found = _Stock()
    for (server, tier, storage, state, tiers), (count, size_bytes, oldest, newest_good) in _grouped(
        connection, query, *columns
    ):
        key = (server, Tier(tier), storage, CopyState(state))
        before = found.copies.get(key, CopyFigures())
        found.copies[key] = CopyFigures(count=before.count + count, size_bytes=before.size_bytes + int(size_bytes))
        if state in _WAITING:
            one = PendingFigures(count=count, size_bytes=int(size_bytes), since=datetime.fromisoformat(oldest))
            found.pending[server, storage] = _together(one, found.pending.get((server, storage)))
        if newest_good is not None and state in READABLE_STATES:
            taken_at = datetime.fromisoformat(newest_good)
            for name in json.loads(tiers):  # a backup whose run served several tiers is one of each
                known = found.good_of_tier.get((server, Tier(name)), taken_at)
                found.good_of_tier[server, Tier(name)] = max(taken_at, known)
    return found


def _together(one: PendingFigures, other: PendingFigures | None) -> PendingFigures:
    if other is None:
        return one
    return PendingFigures(
        count=one.count + other.count,
        size_bytes=one.size_bytes + other.size_bytes,
        since=min(one.since, other.since),
    )


def _holds(connection: sa.Connection) -> dict[str, int]:
    query = sa.select(holds.c.server, _COUNT).where(holds.c.ended_at.is_(None)).group_by(holds.c.server)
    return {str(row.server): int(row[1]) for row in connection.execute(query)}


def _proven(connection: sa.Connection) -> dict[tuple[str, ProofLevel], datetime]:
    newest = sa.func.max(proofs.c.proven_at, type_=proofs.c.proven_at.type)
    query = (
        sa.select(backups.c.server, proofs.c.level, newest)
        .join_from(proofs, backups)
        .where(proofs.c.level.in_(PROVEN_BY_A_SERVER))
        .group_by(backups.c.server, proofs.c.level)
    )
    return {(server, level): at for server, level, at in connection.execute(query)}


def _known_since(connection: sa.Connection) -> dict[tuple[str, Tier], datetime]:
    query = sa.select(schedule_states.c.server, schedule_states.c.schedule, schedule_states.c.known_since)
    return {
        (server, Tier(schedule)): since for server, schedule, since in connection.execute(query) if schedule in _TIERS
    }


def _grouped(
    connection: sa.Connection, query: Any, *columns: sa.ColumnElement[Any]
) -> Iterator[tuple[list[str], Sequence[Any]]]:
    """Yield the words of some columns and what a query counts for them.

    SQLite groups by one text much faster than by several columns. None of the words can hold the separator.
    """
    words: sa.ColumnElement[str] = sa.type_coerce(columns[0], sa.Text)
    for column in columns[1:]:
        words = words.concat(_SEPARATOR).concat(sa.type_coerce(column, sa.Text))
    key = words.label("words")
    for text, *counted in connection.execute(query.with_only_columns(key, *query.selected_columns).group_by(key)):
        yield text.split(_SEPARATOR), counted
