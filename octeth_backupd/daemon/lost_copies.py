"""Copies that are not what they should be, as standing warnings: nobody looks at a list every day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.notices.storage_problems import lost_subject
from octeth_backupd.domain.sync.vanished import is_vanished

if TYPE_CHECKING:
    from collections.abc import Sequence

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Copy

_LOST = {CopyState.MISSING: "missing", CopyState.CORRUPT: "damaged"}


def lost_copy_warnings(catalog: Catalog) -> dict[str, str]:
    """Return one warning for each storage backend that lost copies, and for each way in which it did.

    Returns:
        Subject of the problem that says the same → the warning.
    """
    lost: dict[tuple[str, CopyState], list[Copy]] = {}
    for copy in catalog.copies_in(_LOST):
        lost.setdefault((copy.storage, copy.state), []).append(copy)
    return {
        lost_subject(storage, state): _words(storage, state, copies)
        for (storage, state), copies in sorted(lost.items())
    }


def _words(storage: str, state: CopyState, copies: Sequence[Copy]) -> str:
    trees = sorted({copy.detail for copy in copies if is_vanished(copy.detail)})
    told = f" ({'; '.join(trees)})" if trees else ""
    return (
        f"{len(copies)} {'copy is' if len(copies) == 1 else 'copies are'} {_LOST[state]} in {storage}"
        f"{told}: octeth-backupctl list shows "
        "which; octeth-backupctl sync looks again, octeth-backupctl delete gives one up"
    )
