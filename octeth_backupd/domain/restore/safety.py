"""Which safety copies may go: a pure decision over journals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.machine import State

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from octeth_backupd.domain.restore.journal import Journal


def expired_safety_copies(journals: Iterable[Journal], *, now: datetime, maximum: int) -> tuple[Journal, ...]:
    """Return the safety copies of one server that may be removed, oldest first.

    Those whose time is over, and the oldest of more than ``maximum``; none while a restore of the server is open: its
    rollback, or an undo, may need them. Two are kept their time whatever the maximum is: the one that an undo would put
    back, which restores that were taken back never push out, and the newest, so that what clients wrote to data that
    did not pass can be looked for.

    Args:
        journals: Of one server.
        now: The time.
        maximum: How many are kept at most.
    """
    known = tuple(journals)
    if any(journal.is_open for journal in known):
        return ()
    kept = sorted((j for j in known if j.holds_safety_copy), key=lambda j: (j.created_at, j.restore_id), reverse=True)
    undoable = next((j for j in kept if j.state is State.COMMITTED), None)
    newest = kept[0] if kept else None
    kept = sorted(kept, key=lambda j: j is not undoable)
    return tuple(
        journal
        for number, journal in reversed(list(enumerate(kept)))
        if (number >= maximum and journal is not newest)
        or (journal.expires_at is not None and journal.expires_at <= now)
    )
