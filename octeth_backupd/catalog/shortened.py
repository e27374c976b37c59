"""Ids that a person shortened: any part that fits exactly one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from octeth_backupd.errors import AmbiguousIdError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 10


def resolve(
    connection: sa.Connection,
    column: sa.Column[str],
    part: str,
    *,
    noun: str,
    conditions: Sequence[sa.ColumnElement[bool]] = (),
) -> str:
    """Return the one id that is ``part``, else the one that contains it.

    Args:
        connection: Inside a transaction.
        column: Where the ids are.
        part: What was typed. Compared as it is: no pattern and never a path.
        noun: "backup" or "run", for messages.
        conditions: What else must hold.

    Raises:
        NotFoundError: Nothing contains it.
        AmbiguousIdError: Several do; the message lists the first ones.
    """
    if not part or "/" in part or ".." in part:
        raise NotFoundError(
            f"no {noun} {part!r}", hint=f"Give the id of a {noun} or any part of it that fits only one."
        )
    ids = sa.select(column).where(*conditions)
    if connection.scalar(ids.where(column == part)) is not None:
        return part
    fits = list(
        connection.scalars(ids.where(sa.func.instr(column, part) > 0).order_by(column.desc()).limit(_SHOWN + 1))
    )
    if not fits:
        raise NotFoundError(
            f"no {noun} {part!r}", hint=f"Give the id of a {noun} or any part of it that fits only one."
        )
    if len(fits) > 1:
        listed = ", ".join(fits[:_SHOWN]) + (", …" if len(fits) > _SHOWN else "")
        raise AmbiguousIdError(f"{part!r} fits several: {listed}", hint=f"Give more of the id of the {noun} you mean.")
    return fits[0]
