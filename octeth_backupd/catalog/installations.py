"""Whose backups are ours: those of this installation, and of lost ones that it has taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from octeth_backupd.catalog.schema import adopted_installations, meta
from octeth_backupd.domain.holdings import AdoptedInstallation

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.catalog.database import Database

OWN = "installation_id"


class Installations:
    """This installation, and those whose backups it has adopted."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set_own(self, installation_id: str) -> None:
        """Note whose catalog this is; called at every start."""
        with self._database.write() as connection:
            connection.execute(
                insert(meta)
                .values(name=OWN, value=installation_id)
                .on_conflict_do_update(set_={"value": installation_id})
            )

    def adopt(self, installation_id: str, *, by: str, at: datetime) -> None:
        """Take over the backups of a lost installation; twice is no error."""
        with self._database.write() as connection:
            connection.execute(
                insert(adopted_installations)
                .values(installation_id=installation_id, adopted_by=by, adopted_at=at)
                .on_conflict_do_nothing()
            )

    def adopted(self) -> list[AdoptedInstallation]:
        """Return the installations that were taken over, by time."""
        query = sa.select(adopted_installations).order_by(adopted_installations.c.adopted_at)
        with self._database.read() as connection:
            return [AdoptedInstallation(**row) for row in connection.execute(query).mappings()]

    def ours(self) -> frozenset[str]:
        """Return the ids of all installations whose backups are ours; empty as long as nobody said which we are."""
        with self._database.read() as connection:
            return frozenset(connection.scalars(ours_query()))


def ours_query() -> sa.CompoundSelect[tuple[str]]:
    """Return the query for the ids of all installations whose backups are ours."""
    return sa.union(
        sa.select(meta.c.value).where(meta.c.name == OWN),
        sa.select(adopted_installations.c.installation_id),
    )
