"""Copies that are not what they should be, as standing warnings: nobody looks at a list every day."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.sync.vanished import is_vanished

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.catalog.store import Catalog

_LOST = {CopyState.MISSING: "missing", CopyState.CORRUPT: "damaged"}


def lost_copy_warnings(catalog: Catalog) -> tuple[str, ...]:
    """Return one warning for each storage backend that lost copies, and for each way in which it did."""
    copies = catalog.copies_in(_LOST)
    counts = Counter((copy.storage, copy.state) for copy in copies)
    trees: dict[tuple[str, CopyState], set[str]] = {}
    for copy in copies:
        if is_vanished(copy.detail):
            trees.setdefault((copy.storage, copy.state), set()).add(copy.detail)
    return tuple(
        f"{count} {'copy is' if count == 1 else 'copies are'} {_LOST[state]} in {storage}"
        f"{_in_brackets(trees.get((storage, state), ()))}: octeth-backupctl list shows "
        "which; octeth-backupctl sync looks again, octeth-backupctl delete gives one up"
        for (storage, state), count in sorted(counts.items())
    )


def _in_brackets(details: Iterable[str]) -> str:
    return f" ({'; '.join(sorted(details))})" if details else ""
