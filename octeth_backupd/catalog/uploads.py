"""The catalog's uploads: which copies wait, and multipart uploads, remembered before their first part is sent."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from octeth_backupd.catalog.backups import with_copies
from octeth_backupd.catalog.schema import backups, copies, uploads
from octeth_backupd.domain.backup import Copy, CopyState
from octeth_backupd.domain.upload import WAITING_STATES, Upload, WaitingCopy

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from octeth_backupd.catalog.database import Database
    from octeth_backupd.domain.backup import Backup

_COPY_FIELDS = tuple(field.name for field in fields(Copy))
_BACKUP_FIELDS = tuple(field.name for field in fields(WaitingCopy) if field.name != "copy")


class Uploads:
    """Copies that wait to be uploaded; and multipart uploads that are not over, one for each key of a storage."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def upload(self, storage: str, key: str) -> Upload | None:
        """Return the upload that was begun under a key; None when there is none."""
        query = sa.select(uploads).where(uploads.c.storage == storage, uploads.c.key == key)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else Upload(**row)

    def uploads(self, storage: str) -> list[Upload]:
        """Return what was begun in a storage backend, by key."""
        query = sa.select(uploads).where(uploads.c.storage == storage).order_by(uploads.c.key)
        with self._database.read() as connection:
            return [Upload(**row) for row in connection.execute(query).mappings()]

    def remember_upload(self, upload: Upload) -> None:
        """Remember an upload, in place of one under the same key."""
        values = asdict(upload)
        with self._database.write() as connection:
            connection.execute(insert(uploads).values(values).on_conflict_do_update(set_=values))

    def forget_upload(self, storage: str, key: str) -> None:
        """Forget an upload that is over; no error when it is not known."""
        with self._database.write() as connection:
            connection.execute(sa.delete(uploads).where(uploads.c.storage == storage, uploads.c.key == key))

    def waiting(self) -> list[WaitingCopy]:
        """Return the copies that are not where they belong yet, those of the oldest backup first."""
        query = (
            sa.select(*(copies.c[name] for name in _COPY_FIELDS), *(backups.c[name] for name in _BACKUP_FIELDS))
            .join(backups, copies.c.backup_id == backups.c.backup_id)
            .where(copies.c.state.in_(WAITING_STATES))
            .order_by(backups.c.taken_at, copies.c.backup_id, copies.c.storage)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            WaitingCopy(
                copy=Copy(**{name: row[name] for name in _COPY_FIELDS}), **{name: row[name] for name in _BACKUP_FIELDS}
            )
            for row in rows
        ]

    def present_in(self, storage: str) -> list[Backup]:
        """Return the backups that have a copy in a storage backend, by id, with all copies, manifests left empty."""
        ids = sa.select(copies.c.backup_id).where(copies.c.storage == storage, copies.c.state == CopyState.PRESENT)
        query = sa.select(backups).where(backups.c.backup_id.in_(ids)).order_by(backups.c.backup_id)
        with self._database.read() as connection:
            return with_copies(connection, query, ids)

    def has_copies(self, storage: str, states: Collection[CopyState]) -> bool:
        """Return whether a storage backend has a copy in one of some states."""
        query = sa.select(copies.c.backup_id).where(copies.c.storage == storage, copies.c.state.in_(states)).limit(1)
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def begin_copy(self, backup_id: str, storage: str, *, key: str, at: datetime) -> bool:
        """Note that a waiting copy is being uploaded, to this key; return False when it does not wait any more."""
        return self._change(backup_id, storage, {"state": CopyState.UPLOADING, "key": key, "updated_at": at})

    def end_copy(self, backup_id: str, storage: str, state: CopyState, *, at: datetime, detail: str = "") -> bool:
        """Note what became of a waiting copy; return False when it did not wait any more, and nothing was noted."""
        return self._change(backup_id, storage, {"state": state, "updated_at": at, "detail": detail})

    def _change(self, backup_id: str, storage: str, values: dict[str, Any]) -> bool:
        waits = (
            copies.c.backup_id == backup_id,
            copies.c.storage == storage,
            copies.c.state.in_(WAITING_STATES),
        )
        with self._database.write() as connection:
            return connection.execute(sa.update(copies).where(*waits).values(values)).rowcount > 0
