"""The catalog's servers and the succession of their identities."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.schema import server_identities, servers
from octeth_backupd.domain.server import ServerIdentity

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.catalog.database import Database


class ServerRows:
    """Servers as the catalog saw them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, name: str, identity: ServerIdentity, at: datetime) -> None:
        """See Catalog.record_server."""
        with self._database.write() as connection:
            known = sa.select(servers.c.name).where(servers.c.name == name)
            if connection.scalar(known) is None:
                connection.execute(sa.insert(servers).values(name=name, first_seen=at, last_seen=at))
            else:
                connection.execute(sa.update(servers).where(servers.c.name == name).values(last_seen=at))
            latest = connection.execute(
                _succession(name).order_by(server_identities.c.position.desc()).limit(1)
            ).first()
            if latest is not None and _identity(latest) == identity:
                same = server_identities.c.position == latest.position
                connection.execute(sa.update(server_identities).where(same).values(last_seen=at))
            else:
                row = asdict(identity) | {"server": name, "first_seen": at, "last_seen": at}
                connection.execute(sa.insert(server_identities).values(row))

    def identities(self, name: str) -> list[tuple[ServerIdentity, datetime, datetime]]:
        """See Catalog.server_identities."""
        with self._database.read() as connection:
            rows = connection.execute(_succession(name).order_by(server_identities.c.position))
            return [(_identity(row), row.first_seen, row.last_seen) for row in rows]


def _succession(name: str) -> sa.Select[Any]:
    return sa.select(server_identities).where(server_identities.c.server == name)


def _identity(row: sa.Row[Any]) -> ServerIdentity:
    return ServerIdentity(
        vendor=row.vendor,
        server_uuid=row.server_uuid,
        server_id=row.server_id,
        hostname=row.hostname,
        data_device=row.data_device,
        data_inode=row.data_inode,
    )
