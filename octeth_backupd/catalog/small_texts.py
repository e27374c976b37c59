"""Small texts by name: what must last and has no table of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from octeth_backupd.catalog.opening import SCHEMA_VERSION
from octeth_backupd.catalog.schema import meta

if TYPE_CHECKING:
    from octeth_backupd.catalog.database import Database


class SmallTextRows:
    """The rows behind ``Catalog.meta``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> str | None:
        """See Catalog.meta."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(meta.c.value).where(meta.c.name == name))

    def set(self, name: str, value: str) -> None:
        """See Catalog.set_meta."""
        if name == SCHEMA_VERSION:
            raise ValueError(f"{SCHEMA_VERSION} is set by migrations only")
        with self._database.write() as connection:
            connection.execute(insert(meta).values(name=name, value=value).on_conflict_do_update(set_={"value": value}))
