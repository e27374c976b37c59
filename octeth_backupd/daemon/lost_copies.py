"""Copies that are not what they should be, as standing warnings: nobody looks at a list every day."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.notices.storage_problems import lost_subject

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

_LOST = {CopyState.MISSING: "missing", CopyState.CORRUPT: "damaged"}


def lost_copy_warnings(catalog: Catalog) -> dict[str, str]:
    """Return one warning for each storage backend that lost copies, and for each way in which it did.

    Returns:
        Subject of the problem that says the same → the warning.
    """
    counts = Counter((copy.storage, copy.state) for copy in catalog.copies_in(_LOST))
    return {
        lost_subject(storage, state): _words(storage, state, count)
        for (storage, state), count in sorted(counts.items())
    }


def _words(storage: str, state: CopyState, count: int) -> str:
    return (
        f"{count} {'copy is' if count == 1 else 'copies are'} {_LOST[state]} in {storage}: octeth-backupctl list shows "
        "which; octeth-backupctl sync looks again, octeth-backupctl delete gives one up"
    )
