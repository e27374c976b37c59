"""What a sync found, written into the catalog: many rows in one transaction, none that somebody else changed since."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from octeth_backupd.catalog.schema import backups, copies, manifests, meta, runs
from octeth_backupd.domain.backup import Backup, Copy, RunStatus

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from octeth_backupd.catalog.database import Database
    from octeth_backupd.domain.sync.comparison import CopyChange

_BACKUP_FIELDS = tuple(field.name for field in fields(Backup) if field.name not in {"manifest", "copies"})
_COPY_FIELDS = tuple(field.name for field in fields(Copy))
_UNFINISHED = (RunStatus.QUEUED, RunStatus.RUNNING)


class FoundRows:
    """Rows that a sync adds and changes, beside runs that go on.

    A sync looks at the catalog, then at a storage backend, and writes much later. What became of a row meanwhile counts
    more than what the sync saw before.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_backups(
        self, found: Sequence[Backup], *, ours: Collection[str] = (), note: tuple[str, str] | None = None
    ) -> set[str]:
        """Add backups with manifests and copies; return the ids of those that were added.

        Left out are ids that are taken, and backups whose own run is not over: it records them itself.

        Args:
            found: What was found.
            ours: Installations whose backups are ours.
            note: Name and value of a small text that is set together with backups of ours, and only when some are new.
        """
        with self._database.write() as connection:
            taken = _taken(connection, [backup.backup_id for backup in found])
            being_made = _being_made(connection, [backup.run_id for backup in found])
            new = {
                backup.backup_id: backup
                for backup in found
                if backup.backup_id not in taken and backup.run_id not in being_made
            }
            if not new:
                return set()
            rows = [{name: getattr(backup, name) for name in _BACKUP_FIELDS} for backup in new.values()]
            connection.execute(sa.insert(backups), rows)
            connection.execute(
                sa.insert(manifests),
                [{"backup_id": backup.backup_id, "manifest": backup.manifest} for backup in new.values()],
            )
            if copy_rows := [_copy_row(copy) for backup in new.values() for copy in backup.copies]:
                connection.execute(sa.insert(copies), copy_rows)
            if note is not None and any(backup.installation_id in ours for backup in new.values()):
                name, value = note
                connection.execute(
                    insert(meta).values(name=name, value=value).on_conflict_do_update(set_={"value": value})
                )
        return set(new)

    def add_copies(self, found: Sequence[Copy]) -> int:
        """Add copies to backups that have none in that storage backend; return how many were added."""
        with self._database.write() as connection:
            return sum(
                connection.execute(insert(copies).values(_copy_row(copy)).on_conflict_do_nothing()).rowcount
                for copy in found
            )

    def change_copies(self, changes: Sequence[CopyChange], at: datetime) -> list[CopyChange]:
        """Note what became of copies that are still as they were when the sync looked; return what was noted."""
        with self._database.write() as connection:
            return [change for change in changes if _change(connection, change, at)]


def _change(connection: sa.Connection, change: CopyChange, at: datetime) -> bool:
    was = change.copy
    unchanged = (
        copies.c.backup_id == was.backup_id,
        copies.c.storage == was.storage,
        copies.c.state == was.state,
        copies.c.updated_at == was.updated_at,
        copies.c.detail == was.detail,  # a claim changes nothing else
    )
    values = {
        "state": change.state,
        "updated_at": at,
        "detail": change.detail,
        "key": was.key if change.key is None else change.key,
        "verified_at": None,  # whatever was read back before, this is not known to be the same any more
    }
    return connection.execute(sa.update(copies).where(*unchanged).values(values)).rowcount > 0


def _taken(connection: sa.Connection, ids: Sequence[str]) -> set[str]:
    return set(connection.scalars(sa.select(backups.c.backup_id).where(backups.c.backup_id.in_(ids))))


def _being_made(connection: sa.Connection, run_ids: Sequence[str]) -> set[str]:
    unfinished = sa.select(runs.c.run_id).where(runs.c.run_id.in_(run_ids), runs.c.status.in_(_UNFINISHED))
    return set(connection.scalars(unfinished))


def _copy_row(copy: Copy) -> dict[str, Any]:
    return {name: getattr(copy, name) for name in _COPY_FIELDS}
