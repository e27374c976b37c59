"""The catalog's slots, and what is remembered of the schedules they belong to."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from octeth_backupd.catalog.schema import schedule_states, slots
from octeth_backupd.domain.backup import Slot, SlotState
from octeth_backupd.domain.schedule_state import ScheduleState
from octeth_backupd.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from octeth_backupd.catalog.database import Database

_SLOT_FIELDS = tuple(field.name for field in fields(Slot))
_STATE_FIELDS = tuple(field.name for field in fields(ScheduleState))


class SlotRows:
    """Every due time of every schedule and what became of it; none is ever removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest_time(self, server: str, schedule: str) -> datetime | None:
        """See Catalog.latest_slot_time."""
        query = (
            sa.select(slots.c.due_at)
            .where(slots.c.server == server, slots.c.schedule == schedule)
            .order_by(slots.c.due_at.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def add(self, new: Iterable[Slot]) -> None:
        """See Catalog.add_slots."""
        rows = [{name: getattr(slot, name) for name in _SLOT_FIELDS} for slot in new]
        if not rows:
            return
        with self._database.write() as connection:
            connection.execute(insert(slots).on_conflict_do_nothing(), rows)

    def page(
        self,
        *,
        server: str | None,
        schedule: str | None,
        states: Collection[SlotState] | None,
        since: datetime | None,
        limit: int,
    ) -> list[Slot]:
        """See Catalog.slots."""
        query = sa.select(slots).order_by(slots.c.due_at, slots.c.server, slots.c.schedule).limit(limit)
        if server is not None:
            query = query.where(slots.c.server == server)
        if schedule is not None:
            query = query.where(slots.c.schedule == schedule)
        if states is not None:
            query = query.where(slots.c.state.in_(list(states)))
        if since is not None:
            query = query.where(slots.c.due_at >= since)
        with self._database.read() as connection:
            return [Slot(**row) for row in connection.execute(query).mappings()]

    def decide(
        self, decided: Iterable[Slot], *, state: SlotState, run_id: str | None, detail: str, at: datetime
    ) -> None:
        """See Catalog.decide_slots."""
        self._change(decided, {"state": state, "run_id": run_id, "detail": detail, "decided_at": at})

    def count_attempt(self, tried: Iterable[Slot], *, run_id: str, detail: str, at: datetime) -> None:
        """See Catalog.count_attempt."""
        self._change(tried, {"attempts": slots.c.attempts + 1, "run_id": run_id, "detail": detail, "decided_at": at})

    def _change(self, changed: Iterable[Slot], values: Mapping[str, Any]) -> None:
        with self._database.write() as connection:
            for slot in changed:
                change = (
                    sa.update(slots)
                    .where(
                        slots.c.server == slot.server, slots.c.schedule == slot.schedule, slots.c.due_at == slot.due_at
                    )
                    .values(dict(values))
                )
                if connection.execute(change).rowcount == 0:
                    raise NotFoundError(f"no slot of {slot.schedule!r} of server {slot.server!r} at {slot.due_at}")


class ScheduleStateRows:
    """One row a schedule of a server, as it stands now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, server: str, schedule: str) -> ScheduleState | None:
        """See Catalog.schedule_state."""
        query = sa.select(schedule_states).where(
            schedule_states.c.server == server, schedule_states.c.schedule == schedule
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else ScheduleState(**row)

    def save(self, state: ScheduleState) -> None:
        """See Catalog.save_schedule_state."""
        values = {name: getattr(state, name) for name in _STATE_FIELDS}
        with self._database.write() as connection:
            connection.execute(insert(schedule_states).values(values).on_conflict_do_update(set_=values))
