"""The catalog's pins, holds, accepts and proofs: what is said of backups after they were made."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.schema import accepts, backups, holds, pins, proofs
from octeth_backupd.catalog.taken_over import taken_over
from octeth_backupd.domain.holdings import Accept, Hold, Pin, Proof
from octeth_backupd.errors import NotFoundError

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.catalog.database import Database
    from octeth_backupd.catalog.taken_over import SaidState

_PIN = tuple(pins.c[field.name] for field in fields(Pin))
_ACCEPT = tuple(accepts.c[field.name] for field in fields(Accept))
_PROOF = tuple(proofs.c[field.name] for field in fields(Proof))
_IN_FORCE = pins.c.unpinned_at.is_(None)


class Holdings:
    """Pins, holds, accepts and proofs. Nothing is ever removed: what ends, ends with a time.

    As every part of the catalog: any thread may call, and what returns is durable.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def pin(self, backup_id: str, *, note: str, by: str, at: datetime) -> None:
        """Pin a backup; one that is pinned already keeps its time and gets the new note.

        Raises:
            NotFoundError: There is no such backup.
        """
        with self._database.write() as connection:
            _require_backup(connection, backup_id)
            renoted = sa.update(pins).where(pins.c.backup_id == backup_id, _IN_FORCE).values(note=note)
            if connection.execute(renoted).rowcount == 0:
                connection.execute(
                    sa.insert(pins).values(
                        backup_id=backup_id, note=note, pinned_by=by, pinned_at=at, unpinned_by="", unpinned_at=None
                    )
                )

    def unpin(self, backup_id: str, *, by: str, at: datetime) -> bool:
        """Unpin a backup; return whether it was pinned.

        Raises:
            NotFoundError: There is no such backup.
        """
        with self._database.write() as connection:
            _require_backup(connection, backup_id)
            ended = sa.update(pins).where(pins.c.backup_id == backup_id, _IN_FORCE)
            return connection.execute(ended.values(unpinned_by=by, unpinned_at=at)).rowcount > 0

    def pins(self, server: str | None = None) -> list[Pin]:
        """Return the pins that are in force, oldest first."""
        query = sa.select(*_PIN).where(_IN_FORCE).order_by(pins.c.position)
        if server is not None:
            query = query.where(pins.c.backup_id.in_(_ids_of(server)))
        with self._database.read() as connection:
            return [Pin(**row) for row in connection.execute(query).mappings()]

    def begin_hold(
        self, server: str, *, reason: str, backup_id: str, protected: tuple[str, ...], at: datetime
    ) -> Hold | None:
        """Begin a hold, or return None when one about the same backup is open already.

        Args:
            server: Whose backups are held.
            reason: What is doubted, in words.
            backup_id: Which backup is doubted; empty when it is not about one.
            protected: Ids of the backups that must not expire while it is open.
            at: Now.
        """
        same = sa.select(holds.c.hold_id).where(
            holds.c.server == server, holds.c.backup_id == backup_id, holds.c.ended_at.is_(None)
        )
        with self._database.write() as connection:
            if connection.scalar(same) is not None:
                return None
            values: dict[str, Any] = {
                "server": server,
                "reason": reason,
                "backup_id": backup_id,
                "protected": protected,
                "begun_at": at,
                "ended_at": None,
                "ended_by": "",
                "detail": "",
            }
            connection.execute(sa.insert(holds).values(values))
            hold_id: int = connection.scalar(same) or 0
        return Hold(hold_id=hold_id, **values)

    def end_holds(self, server: str, *, by: str, detail: str, at: datetime, backup_id: str | None = None) -> int:
        """End the open holds of a server, or those about one backup; return how many there were."""
        ended = sa.update(holds).where(holds.c.server == server, holds.c.ended_at.is_(None))
        if backup_id is not None:
            ended = ended.where(holds.c.backup_id == backup_id)
        with self._database.write() as connection:
            return connection.execute(ended.values(ended_at=at, ended_by=by, detail=detail)).rowcount

    def holds(self, server: str | None = None, *, open_only: bool = True) -> list[Hold]:
        """Return holds, oldest first."""
        query = sa.select(holds).order_by(holds.c.hold_id)
        if server is not None:
            query = query.where(holds.c.server == server)
        if open_only:
            query = query.where(holds.c.ended_at.is_(None))
        with self._database.read() as connection:
            return [Hold(**row) for row in connection.execute(query).mappings()]

    def accept(self, backup_id: str, *, note: str, by: str, at: datetime) -> str:
        """Take a suspect backup for good; return the doubt that is over, empty when there was none.

        Raises:
            NotFoundError: There is no such backup.
        """
        with self._database.write() as connection:
            doubt: str | None = connection.scalar(sa.select(backups.c.suspect).where(backups.c.backup_id == backup_id))
            if doubt is None:
                raise _not_found(backup_id)
            accept = Accept(backup_id=backup_id, doubt=doubt, note=note, accepted_by=by, accepted_at=at)
            connection.execute(sa.insert(accepts).values(asdict(accept)))
            connection.execute(sa.update(backups).where(backups.c.backup_id == backup_id).values(suspect=""))
        return doubt

    def accepts(self, server: str | None = None) -> list[Accept]:
        """Return what operators accepted, oldest first."""
        query = sa.select(*_ACCEPT).order_by(accepts.c.accepted_at, accepts.c.backup_id)
        if server is not None:
            query = query.where(accepts.c.backup_id.in_(_ids_of(server)))
        with self._database.read() as connection:
            return [Accept(**row) for row in connection.execute(query).mappings()]

    def add_proof(self, proof: Proof) -> None:
        """Note something that was shown of a backup."""
        with self._database.write() as connection:
            connection.execute(sa.insert(proofs).values(asdict(proof)))

    def take_over(self, state: SaidState) -> int:
        """Learn what a state file says; what is known already, or was ended since, stays as it is.

        Returns:
            How many entries are new.
        """
        with self._database.write() as connection:
            return taken_over(connection, state)

    def proofs(self, server: str | None = None, *, backup_id: str | None = None) -> list[Proof]:
        """Return proofs, oldest first: all, those of a server, or those of one backup."""
        query = sa.select(*_PROOF).order_by(proofs.c.position)
        if server is not None:
            query = query.where(proofs.c.backup_id.in_(_ids_of(server)))
        if backup_id is not None:
            query = query.where(proofs.c.backup_id == backup_id)
        with self._database.read() as connection:
            return [Proof(**row) for row in connection.execute(query).mappings()]


def _ids_of(server: str) -> sa.Select[Any]:
    return sa.select(backups.c.backup_id).where(backups.c.server == server)


def _require_backup(connection: sa.Connection, backup_id: str) -> None:
    if connection.scalar(sa.select(backups.c.backup_id).where(backups.c.backup_id == backup_id)) is None:
        raise _not_found(backup_id)


def _not_found(backup_id: str) -> NotFoundError:
    return NotFoundError(f"no backup {backup_id!r}")
