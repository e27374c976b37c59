"""Which copies are being deleted: said in the catalog before the first file goes, to everybody who would delete one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import sqlalchemy as sa

from octeth_backupd.catalog.installations import ours_query
from octeth_backupd.catalog.schema import backups, copies
from octeth_backupd.domain.backup import Copy
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.summary import READABLE_STATES

if TYPE_CHECKING:
    from collections.abc import Collection

    from octeth_backupd.catalog.database import Database

_COPY_FIELDS = tuple(field.name for field in fields(Copy))


class Claims:
    """Copies that are marked ``EXPIRING``.

    A claim changes nothing else of a copy, the time of its last change included: what was confirmed of it before is
    true of it again when the claim is given up.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, copy: Copy, *, staying: Collection[str]) -> bool:
        """Mark a copy whose files are about to go; return False, with nothing changed, when it must not go now.

        Args:
            copy: As it was when that was decided.
            staying: Storage backends in which the same backup has a copy for whose sake this one may go: one of them
                must still be readable, and nobody may be deleting it. Empty: it goes for the sake of none.
        """
        conditions = _as_it_was(copy)
        if staying:
            other = copies.alias()
            conditions.append(
                sa.exists().where(
                    other.c.backup_id == copy.backup_id,
                    other.c.storage.in_(set(staying) - {copy.storage}),
                    other.c.state.in_(READABLE_STATES),
                    other.c.detail != EXPIRING,
                )
            )
        with self._database.write() as connection:
            change = sa.update(copies).where(*conditions).values(detail=EXPIRING)
            return connection.execute(change).rowcount > 0

    def release(self, copy: Copy, *, detail: str = "") -> bool:
        """Take the mark from a copy of which nothing was deleted; return False when it is not what it was.

        Args:
            copy: As it is or was, but for its detail.
            detail: What it says from now on.
        """
        marked = _as_it_was(copy, detail=EXPIRING)
        with self._database.write() as connection:
            return connection.execute(sa.update(copies).where(*marked).values(detail=detail)).rowcount > 0

    def claimed(self, server: str) -> list[Copy]:
        """Return the copies of our backups of a server that are marked."""
        query = (
            sa.select(*(copies.c[name] for name in _COPY_FIELDS))
            .join(backups, copies.c.backup_id == backups.c.backup_id)
            .where(backups.c.server == server, backups.c.installation_id.in_(ours_query()), copies.c.detail == EXPIRING)
            .order_by(copies.c.backup_id, copies.c.storage)
        )
        with self._database.read() as connection:
            return [Copy(**row) for row in connection.execute(query).mappings()]


def _as_it_was(copy: Copy, *, detail: str | None = None) -> list[sa.ColumnElement[bool]]:
    return [
        copies.c.backup_id == copy.backup_id,
        copies.c.storage == copy.storage,
        copies.c.state == copy.state,
        copies.c.updated_at == copy.updated_at,
        copies.c.detail == (copy.detail if detail is None else detail),
    ]
