"""State that comes from a state file into the catalog: each entry once, however often the file is read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from octeth_backupd.catalog.schema import accepts, backups, holds, pins, proofs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.holdings import Accept, Hold, Pin, Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidState:
    """What a state file says of backups that the catalog has, under the catalog's ids.

    Attributes:
        suspects: Id of a backup → why its content is doubted.
    """

    pins: tuple[Pin, ...] = ()
    holds: tuple[Hold, ...] = ()
    accepts: tuple[Accept, ...] = ()
    proofs: tuple[Proof, ...] = ()
    suspects: Mapping[str, str]


def taken_over(connection: sa.Connection, state: SaidState) -> int:
    """Add the entries that the catalog never knew; return how many.

    One that it knows and that was ended since, such as a pin, stays ended.
    """
    return (
        sum(_add_pin(connection, pin) for pin in state.pins)
        + sum(_add_hold(connection, hold) for hold in state.holds)
        + sum(_add_accept(connection, accept) for accept in state.accepts)
        + sum(_add_row(connection, proofs, asdict(proof), asdict(proof)) for proof in state.proofs)
        + sum(_add_suspect(connection, backup_id, reason) for backup_id, reason in state.suspects.items())
    )


def _add_pin(connection: sa.Connection, pin: Pin) -> bool:
    in_force = sa.select(pins.c.position).where(pins.c.backup_id == pin.backup_id, pins.c.unpinned_at.is_(None))
    if connection.scalar(in_force) is not None:
        return False
    same = {"backup_id": pin.backup_id, "pinned_at": pin.pinned_at}
    return _add_row(connection, pins, same, {**asdict(pin), "unpinned_by": "", "unpinned_at": None})


def _add_hold(connection: sa.Connection, hold: Hold) -> bool:
    same = {"server": hold.server, "backup_id": hold.backup_id, "begun_at": hold.begun_at}
    values = asdict(hold)
    del values["hold_id"]
    return _add_row(connection, holds, same, values)


def _add_accept(connection: sa.Connection, accept: Accept) -> bool:
    same = {"backup_id": accept.backup_id, "accepted_at": accept.accepted_at}
    if not _add_row(connection, accepts, same, asdict(accept)):
        return False
    # Only that doubt is over; another one came later.
    doubted = sa.update(backups).where(backups.c.backup_id == accept.backup_id, backups.c.suspect == accept.doubt)
    connection.execute(doubted.values(suspect=""))
    return True


def _add_suspect(connection: sa.Connection, backup_id: str, reason: str) -> bool:
    accepted = sa.select(accepts.c.backup_id).where(accepts.c.backup_id == backup_id, accepts.c.doubt == reason)
    if connection.scalar(accepted) is not None:
        return False
    unsuspected = sa.update(backups).where(backups.c.backup_id == backup_id, backups.c.suspect == "")
    return connection.execute(unsuspected.values(suspect=reason)).rowcount > 0


def _add_row(connection: sa.Connection, table: sa.Table, same: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    conditions = [table.c[name] == sa.literal(value, table.c[name].type) for name, value in same.items()]
    if connection.scalar(sa.select(sa.literal(1)).select_from(table).where(*conditions)) is not None:
        return False
    connection.execute(sa.insert(table).values(values))
    return True
