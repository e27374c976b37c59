"""The catalog's runs and their steps."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.schema import runs, steps
from octeth_backupd.catalog.shortened import resolve
from octeth_backupd.domain.backup import Run, RunStatus, StepRecord
from octeth_backupd.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from octeth_backupd.catalog.database import Database

_RUN_FIELDS = tuple(field.name for field in fields(Run))
_STEP_FIELDS = tuple(field.name for field in fields(StepRecord))
_NEWEST_FIRST = (runs.c.created_at.desc(), runs.c.run_id.desc())


class RunRows:
    """Runs and steps, from when they were asked for; none is ever removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, run: Run) -> None:
        """See Catalog.add_run."""
        with self._database.write() as connection:
            connection.execute(sa.insert(runs).values({name: getattr(run, name) for name in _RUN_FIELDS}))

    def get(self, run_id: str) -> Run:
        """See Catalog.run."""
        with self._database.read() as connection:
            return _run(connection, run_id)

    def find(self, part: str) -> Run:
        """See Catalog.find_run."""
        with self._database.read() as connection:
            return _run(connection, resolve(connection, runs.c.run_id, part, noun="run"))

    def page(self, *, server: str | None, status: RunStatus | None, limit: int, before: str | None) -> list[Run]:
        """See Catalog.runs."""
        query = sa.select(runs).order_by(*_NEWEST_FIRST).limit(limit)
        if server is not None:
            query = query.where(runs.c.server == server)
        if status is not None:
            query = query.where(runs.c.status == status)
        with self._database.read() as connection:
            if before is not None:
                last = _run(connection, before)
                query = query.where(
                    sa.tuple_(runs.c.created_at, runs.c.run_id)
                    < sa.tuple_(sa.literal(last.created_at, runs.c.created_at.type), sa.literal(last.run_id))
                )
            return [Run(**row) for row in connection.execute(query).mappings()]

    def unfinished(self) -> list[Run]:
        """See Catalog.unfinished_runs."""
        query = (
            sa.select(runs)
            .where(runs.c.status.in_([status for status in RunStatus if not status.is_final]))
            .order_by(runs.c.created_at, runs.c.run_id)
        )
        with self._database.read() as connection:
            return [Run(**row) for row in connection.execute(query).mappings()]

    def update(self, run_id: str, changes: Mapping[str, Any]) -> Run:
        """See Catalog.update_run."""
        unknown = set(changes) - set(_RUN_FIELDS) | {"run_id"} & set(changes)
        if unknown:
            raise TypeError(f"a run has no such field to change: {', '.join(sorted(unknown))}")
        with self._database.write() as connection:
            if changes:
                connection.execute(sa.update(runs).where(runs.c.run_id == run_id).values(dict(changes)))
            return _run(connection, run_id)

    def add_step(self, step: StepRecord) -> None:
        """See Catalog.add_step."""
        with self._database.write() as connection:
            connection.execute(sa.insert(steps).values({name: getattr(step, name) for name in _STEP_FIELDS}))

    def finish_step(
        self, run_id: str, position: int, status: RunStatus, at: datetime, detail: Mapping[str, Any]
    ) -> None:
        """See Catalog.finish_step."""
        change = (
            sa.update(steps)
            .where(steps.c.run_id == run_id, steps.c.position == position)
            .values(status=status, finished_at=at, detail=detail)
        )
        with self._database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise NotFoundError(f"run {run_id} has no step {position}")

    def steps(self, run_id: str) -> list[StepRecord]:
        """See Catalog.steps."""
        query = sa.select(steps).where(steps.c.run_id == run_id).order_by(steps.c.position)
        with self._database.read() as connection:
            return [StepRecord(**row) for row in connection.execute(query).mappings()]


def _run(connection: sa.Connection, run_id: str) -> Run:
    row = connection.execute(sa.select(runs).where(runs.c.run_id == run_id)).mappings().first()
    if row is None:
        raise NotFoundError(f"no run {run_id!r}")
    return Run(**row)
