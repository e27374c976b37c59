"""The catalog's multipart uploads: remembered before their first part is sent, forgotten when they are over."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from octeth_backupd.catalog.schema import uploads
from octeth_backupd.domain.upload import Upload

if TYPE_CHECKING:
    from octeth_backupd.catalog.database import Database


class Uploads:
    """Multipart uploads that were begun and are not over; one for each key of a storage backend."""

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
