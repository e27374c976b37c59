"""What the catalog knows of how everything stands: quick looks, each minute, whatever its size."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.installations import ours_query
from octeth_backupd.catalog.schema import backups, copies, runs, schedule_states, slots, steps
from octeth_backupd.domain.backup import CopyState, Operation, Run, RunStatus, Slot, SlotState
from octeth_backupd.domain.hooks import Hook
from octeth_backupd.domain.restore.old_login import put_data_in_place
from octeth_backupd.domain.schedule_state import ScheduleState
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.domain.upload import WAITING_STATES

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from octeth_backupd.catalog.database import Database
    from octeth_backupd.domain.backup import Tier

_RUN = tuple(runs.c[field.name] for field in fields(Run))
_ENDED = [status for status in RunStatus if status.is_final]
# Runs are numbered as they are entered: a clock that was wrong does not change which of two came later.
_NUMBER: sa.ColumnElement[int] = sa.literal_column("runs.rowid")
PREFLIGHT = "preflight"
"""The step of a backup in which it logs in and checks all that it needs."""
_LOST = (CopyState.MISSING, CopyState.CORRUPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGood:
    """A good backup, as far as its size and time matter."""

    backup_id: str
    taken_at: datetime
    data_bytes: int
    archive_bytes: int


class StandingRows:
    """How servers, schedules, runs and copies stand."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def schedule_states(self) -> list[ScheduleState]:
        """Return what is remembered of every schedule, of those that are not configured any more too."""
        query = sa.select(schedule_states).order_by(schedule_states.c.server, schedule_states.c.schedule)
        with self._database.read() as connection:
            return [ScheduleState(**row) for row in connection.execute(query).mappings()]

    def last_good(self, server: str, *, until: datetime, tiers: Collection[Tier] | None = None) -> KnownGood | None:
        """Return the newest good backup of ours that was taken until a time.

        Args:
            server: Whose.
            until: What is dated later was dated by a wrong clock.
            tiers: Only one that has one of these tiers; None: whichever.
        """
        query = last_good_query(server, until=until)
        if tiers is not None:
            names = sa.type_coerce(backups.c.tiers, sa.Text)
            query = query.where(sa.or_(*(names.like(f'%"{tier}"%') for tier in sorted(tiers))))
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else KnownGood(**row)

    def foreign_good(self, server: str) -> int:
        """Return how many good backups of a server are of other installations."""
        query = sa.select(sa.func.count()).select_from(backups)
        query = query.where(*_good_of(server), backups.c.installation_id.not_in(ours_query()))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def last_slots(self, server: str, schedule: str, *, until: datetime, limit: int = 2) -> list[Slot]:
        """Return the newest due times of a schedule that have come, newest first."""
        query = _slots_of(server, schedule).where(slots.c.due_at <= sa.literal(until, slots.c.due_at.type))
        query = query.order_by(slots.c.due_at.desc()).limit(limit)
        with self._database.read() as connection:
            return [Slot(**row) for row in connection.execute(query).mappings()]

    def missed_slots(self, server: str, schedule: str, *, after: datetime, until: datetime) -> list[Slot]:
        """Return the due times in a span that nobody makes up for any more, oldest first."""
        of_time = slots.c.due_at.type
        query = _slots_of(server, schedule).where(
            slots.c.state == SlotState.MISSED,
            slots.c.due_at > sa.literal(after, of_time),
            slots.c.due_at <= sa.literal(until, of_time),
        )
        with self._database.read() as connection:
            return [Slot(**row) for row in connection.execute(query.order_by(slots.c.due_at)).mappings()]

    def ended_runs(
        self, *, server: str | None = None, operation: Operation | None = None, limit: int = 100
    ) -> list[Run]:
        """Return runs that are over in the order in which they were entered, newest first; uploads are left out.

        Args:
            server: Only this server's.
            operation: Only those of it.
            limit: At most so many.
        """
        query = (
            sa.select(*_RUN)
            .where(runs.c.status.in_(_ENDED), runs.c.operation != Operation.UPLOAD)
            .order_by(_NUMBER.desc())
            .limit(limit)
        )
        if server is not None:
            query = query.where(runs.c.server == server)
        if operation is not None:
            query = query.where(runs.c.operation == operation)
        with self._database.read() as connection:
            return [Run(**row) for row in connection.execute(query).mappings()]

    def last_restore(self, server: str, *, operations: Collection[Operation], limit: int = 100) -> Run | None:
        """Return the newest run of these operations that put other data in a server's place."""
        query = (
            sa.select(*_RUN)
            .where(
                runs.c.server == server,
                runs.c.operation.in_(operations),
                runs.c.status.in_((RunStatus.SUCCESS, RunStatus.DEGRADED)),
            )
            .order_by(_NUMBER.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            found = [Run(**row) for row in connection.execute(query).mappings()]
        return next((run for run in found if put_data_in_place(run)), None)

    def has_logged_in_since(self, server: str, since: datetime) -> bool:
        """Return whether the checks before a backup that is over have passed since a time: it has logged in then."""
        query = (
            sa.select(runs.c.run_id)
            .join(steps, steps.c.run_id == runs.c.run_id)
            .where(
                runs.c.server == server,
                runs.c.operation == Operation.BACKUP,
                runs.c.status.in_(_ENDED),
                steps.c.name == PREFLIGHT,
                steps.c.status == RunStatus.SUCCESS,
                steps.c.started_at >= sa.literal(since, steps.c.started_at.type),
            )
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def suspect(self, backup_id: str) -> str:
        """Return why a backup's content is doubted; empty when it is not, or is not known."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(backups.c.suspect).where(backups.c.backup_id == backup_id)) or ""

    def last_step(self, run_id: str) -> str:
        """Return the step in which a run ended otherwise than well; empty when all its steps did."""
        query = (
            sa.select(steps.c.name)
            .where(
                steps.c.run_id == run_id,
                steps.c.status != RunStatus.SUCCESS,
                steps.c.name != f"hook {Hook.ON_FAILURE}",  # which is told of the end, and is not why
            )
            .order_by(steps.c.position.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query) or ""

    def lost_copies(self) -> dict[str, dict[CopyState, list[tuple[str, str, datetime]]]]:
        """Return (server, backup id, since when) of missing and damaged copies, by storage backend, newest first."""
        query = (
            sa.select(copies.c.storage, copies.c.state, backups.c.server, backups.c.backup_id, copies.c.updated_at)
            .join(backups, copies.c.backup_id == backups.c.backup_id)
            .where(copies.c.state.in_(_LOST))
            .order_by(backups.c.taken_at.desc(), backups.c.backup_id.desc())
        )
        found: dict[str, dict[CopyState, list[tuple[str, str, datetime]]]] = {}
        with self._database.read() as connection:
            for storage, state, server, backup_id, since in connection.execute(query):
                found.setdefault(storage, {}).setdefault(state, []).append((server, backup_id, since))
        return found

    def storages_of_degraded_runs(self) -> frozenset[str]:
        """Return the storage backends that copies wait for whose backup's own run ended degraded."""
        query: sa.Select[Any] = (
            sa.select(copies.c.storage)
            .join(backups, copies.c.backup_id == backups.c.backup_id)
            .join(runs, runs.c.run_id == backups.c.run_id)
            .where(copies.c.state.in_(WAITING_STATES), runs.c.status == RunStatus.DEGRADED)
            .distinct()
        )
        with self._database.read() as connection:
            return frozenset(connection.scalars(query))


def last_good_query(server: str, *, until: datetime) -> sa.Select[Any]:
    """Return the query for what ``StandingRows.last_good`` returns."""
    return (
        sa.select(backups.c.backup_id, backups.c.taken_at, backups.c.data_bytes, backups.c.archive_bytes)
        .where(
            *_good_of(server),
            backups.c.installation_id.in_(ours_query()),
            backups.c.taken_at <= sa.literal(until, backups.c.taken_at.type),
        )
        .order_by(backups.c.taken_at.desc(), backups.c.backup_id.desc())
        .limit(1)
    )


def _good_of(server: str) -> tuple[sa.ColumnElement[bool], ...]:
    readable = (
        sa.exists()
        .where(copies.c.backup_id == backups.c.backup_id, copies.c.state.in_(READABLE_STATES))
        .correlate(backups)
    )
    return (backups.c.server == server, backups.c.suspect == "", readable)


def _slots_of(server: str, schedule: str) -> sa.Select[Any]:
    return sa.select(slots).where(slots.c.server == server, slots.c.schedule == schedule)
