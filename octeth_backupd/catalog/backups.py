"""The catalog's backups, their manifests and their copies."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.installations import ours_query
from octeth_backupd.catalog.schema import backups, copies, manifests
from octeth_backupd.catalog.shortened import resolve
from octeth_backupd.catalog.summaries import summaries_json
from octeth_backupd.domain.backup import Backup, Copy, CopyState
from octeth_backupd.domain.names import LATEST
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from octeth_backupd.catalog.database import Database

_BACKUP_FIELDS = tuple(field.name for field in fields(Backup) if field.name not in {"manifest", "copies"})
_COPY_FIELDS = tuple(field.name for field in fields(Copy))
_NEWEST_FIRST = (backups.c.taken_at.desc(), backups.c.backup_id.desc())


class BackupRows:
    """Backups and where their archives are; none is ever removed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, backup: Backup) -> None:
        """See Catalog.add_backup."""
        with self._database.write() as connection:
            connection.execute(sa.insert(backups).values({name: getattr(backup, name) for name in _BACKUP_FIELDS}))
            connection.execute(
                sa.insert(manifests).values(backup_id=backup.backup_id, manifest=backup.manifest),
            )
            for copy in backup.copies:
                connection.execute(sa.insert(copies).values({name: getattr(copy, name) for name in _COPY_FIELDS}))

    def get(self, backup_id: str) -> Backup:
        """See Catalog.backup."""
        with self._database.read() as connection:
            return _whole(connection, backup_id)

    def exists(self, backup_id: str) -> bool:
        """See Catalog.backup_id_exists."""
        with self._database.read() as connection:
            return connection.scalar(_id_where(backups.c.backup_id == backup_id)) is not None

    def find(self, part: str, *, server: str | None) -> Backup:
        """See Catalog.find_backup."""
        conditions = () if server is None else (backups.c.server == server,)
        with self._database.read() as connection:
            if part != LATEST:
                backup_id = resolve(connection, backups.c.backup_id, part, noun="backup", conditions=conditions)
                return _whole(connection, backup_id)
            latest = _newest_good(connection, server)
            foreign = [] if latest is not None else _foreign_holders(connection, server)
        if latest is None:
            raise _none_good(server, foreign)
        return latest

    def last_good(self, server: str, *, before: datetime | None = None, ours_only: bool = False) -> Backup | None:
        """See Catalog.last_good_backup."""
        with self._database.read() as connection:
            return _newest_good(connection, server, before, ours_only=ours_only)

    def of_ids(self, backup_ids: Collection[str]) -> list[Backup]:
        """See Catalog.backups_of."""
        query = sa.select(backups).where(backups.c.backup_id.in_(backup_ids)).order_by(*_NEWEST_FIRST)
        with self._database.read() as connection:
            return with_copies(connection, query, query.with_only_columns(backups.c.backup_id))

    def living(self, server: str) -> dict[str, str]:
        """See Catalog.living_backups. No more than ids: it is asked each minute, of thousands."""
        has_copy = sa.exists().where(copies.c.backup_id == backups.c.backup_id, copies.c.state != CopyState.DELETED)
        query = sa.select(backups.c.backup_id, backups.c.suspect).where(backups.c.server == server, has_copy)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(backups.c.taken_at, backups.c.backup_id))
            return {row.backup_id: row.suspect for row in rows}

    def add_copy(self, copy: Copy) -> None:
        """See Catalog.add_copy."""
        with self._database.write() as connection:
            connection.execute(sa.insert(copies).values({name: getattr(copy, name) for name in _COPY_FIELDS}))

    def copies_in(self, states: Collection[CopyState], *, storage: str | None) -> list[Copy]:
        """See Catalog.copies_in."""
        of_storage = sa.true() if storage is None else copies.c.storage == storage
        with self._database.read() as connection:
            rows = connection.execute(_copies_where(sa.and_(copies.c.state.in_(states), of_storage))).mappings()
            return [Copy(**row) for row in rows]

    def page(self, *, server: str | None, limit: int, after: str | None) -> list[Backup]:
        """See Catalog.backups."""
        query = sa.select(backups).order_by(*_NEWEST_FIRST).limit(limit)
        if server is not None:
            query = query.where(backups.c.server == server)
        with self._database.read() as connection:
            if after is not None:
                taken_at = sa.literal(_taken_at(connection, after), backups.c.taken_at.type)
                query = query.where(
                    sa.tuple_(backups.c.taken_at, backups.c.backup_id) < sa.tuple_(taken_at, sa.literal(after))
                )
            page = query.with_only_columns(backups.c.backup_id).subquery()
            return with_copies(connection, query, sa.select(page))

    def page_json(self, *, server: str | None, limit: int | None, after: str | None) -> bytes:
        """See Catalog.backups_json."""
        with self._database.read() as connection:
            taken_at = None if after is None else _taken_at(connection, after)
            return summaries_json(connection, server=server, limit=limit, after_time=taken_at, after_id=after)

    def set_copy_state(
        self,
        backup_id: str,
        storage: str,
        state: CopyState,
        at: datetime,
        *,
        verified_at: datetime | None,
        detail: str,
        key: str | None,
    ) -> None:
        """See Catalog.set_copy_state."""
        values: dict[str, Any] = {"state": state, "updated_at": at, "detail": detail}
        if key is not None:
            values["key"] = key
        if verified_at is not None:
            values["verified_at"] = verified_at
        change = sa.update(copies).where(copies.c.backup_id == backup_id, copies.c.storage == storage).values(values)
        with self._database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise NotFoundError(f"backup {backup_id!r} has no copy in {storage!r}")

    def set_suspect(self, backup_id: str, reason: str) -> None:
        """See Catalog.set_suspect."""
        change = sa.update(backups).where(backups.c.backup_id == backup_id).values(suspect=reason)
        with self._database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise _not_found(backup_id)


def _whole(connection: sa.Connection, backup_id: str) -> Backup:
    query = sa.select(backups, manifests.c.manifest).join(manifests).where(backups.c.backup_id == backup_id)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise _not_found(backup_id)
    found = connection.execute(_copies_where(copies.c.backup_id == backup_id)).mappings()
    return Backup(**row, copies=tuple(Copy(**copy) for copy in found))


def with_copies(connection: sa.Connection, query: sa.Select[Any], ids: sa.Select[Any]) -> list[Backup]:
    """Return the backups of a query, with the copies of those that have these ids."""
    rows = connection.execute(query).mappings().all()
    by_backup: dict[str, list[Copy]] = {}
    for row in connection.execute(_copies_where(copies.c.backup_id.in_(ids))).mappings():
        by_backup.setdefault(row["backup_id"], []).append(Copy(**row))
    return [Backup(**row, copies=tuple(by_backup.get(row["backup_id"], ()))) for row in rows]


def _newest_good_id(
    connection: sa.Connection, server: str | None, before: datetime | None = None, *, ours_only: bool = False
) -> str | None:
    """Return the newest good backup of ours; of another installation only where that leaves no choice.

    A shared bucket holds backups of other hosts, whose server may have the same name: none of those may be restored for
    being newer. On a new host there is nothing but the lost one's.
    """
    good = _good(server, before)
    ours = backups.c.installation_id.in_(ours_query())
    newest: str | None = connection.scalar(good.where(ours).order_by(*_NEWEST_FIRST).limit(1))
    if newest is None and not ours_only and len(_foreign_holders(connection, server)) == 1:
        newest = connection.scalar(good.order_by(*_NEWEST_FIRST).limit(1))
    return newest


def _newest_good(
    connection: sa.Connection, server: str | None, before: datetime | None = None, *, ours_only: bool = False
) -> Backup | None:
    newest = _newest_good_id(connection, server, before, ours_only=ours_only)
    return None if newest is None else _whole(connection, newest)


def _foreign_holders(connection: sa.Connection, server: str | None) -> list[str]:
    """Return the installations that have good backups of a server, where we have none."""
    holders = _good(server).with_only_columns(backups.c.installation_id).distinct()
    if connection.scalar(_good(server).where(backups.c.installation_id.in_(ours_query())).limit(1)) is not None:
        return []
    return list(connection.scalars(holders.order_by(backups.c.installation_id)))


def _good(server: str | None, before: datetime | None = None) -> sa.Select[Any]:
    readable = (
        sa.exists()
        .where(copies.c.backup_id == backups.c.backup_id, copies.c.state.in_(READABLE_STATES))
        .correlate(backups)
    )
    query = _id_where(backups.c.suspect == "", readable)
    if server is not None:
        query = query.where(backups.c.server == server)
    if before is not None:
        query = query.where(backups.c.taken_at < sa.literal(before, backups.c.taken_at.type))
    return query


def _none_good(server: str | None, foreign: list[str]) -> NotFoundError:
    of_server = "" if server is None else f" of server {server!r}"
    if foreign:
        return NotFoundError(
            f"no good backup{of_server} is of this installation; {len(foreign)} others have some: {', '.join(foreign)}",
            hint="Take over those of a lost host with sync --adopt INSTALLATION, or name a backup by its whole id.",
        )
    return NotFoundError(
        f"no good backup{of_server} yet",
        hint="Take one: octeth-backupctl backup. Earlier ones that this catalog does not know: octeth-backupctl sync",
    )


def _taken_at(connection: sa.Connection, backup_id: str) -> datetime:
    """Return when a backup was taken: with its id that is its place in the order of time."""
    taken_at: datetime | None = connection.scalar(sa.select(backups.c.taken_at).where(backups.c.backup_id == backup_id))
    if taken_at is None:
        raise _not_found(backup_id)
    return taken_at


def _id_where(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(backups.c.backup_id).where(*conditions)


def _copies_where(condition: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return sa.select(copies).where(condition).order_by(copies.c.backup_id, copies.c.storage)


def _not_found(backup_id: str) -> NotFoundError:
    return NotFoundError(f"no backup {backup_id!r}")
