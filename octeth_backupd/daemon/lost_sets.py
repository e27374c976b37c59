"""Under which name people were told of lost copies: copies that are mended are no news, another one that is lost is."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.notices.standing import LostCopies

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import CopyState

LOST_SETS = "notices.lost_copies"


class LostSets:
    """Look at which copies are lost; what was looked at before is kept in the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def look(self) -> dict[str, dict[CopyState, LostCopies]]:
        """Return the copies that are lost now, by storage backend and by what is wrong with them."""
        text = self._catalog.meta(LOST_SETS) or "{}"
        before: dict[str, dict[str, Any]] = json.loads(text)
        found: dict[str, dict[CopyState, LostCopies]] = {}
        known: dict[str, dict[str, Any]] = {}
        for storage, by_state in self._catalog.standing.lost_copies().items():
            for state, copies in by_state.items():
                place = f"{storage}:{state}"
                ids = sorted(backup_id for _, backup_id, _ in copies)
                name = _name(ids, before.get(place))
                known[place] = {"name": name, "backups": ids}
                found.setdefault(storage, {})[state] = LostCopies(
                    name=name,
                    backups=tuple((server, backup_id) for server, backup_id, _ in copies),
                    since=min(since for _, _, since in copies),
                )
        remembered = json.dumps(known, sort_keys=True)
        if remembered != text:
            self._catalog.set_meta(LOST_SETS, remembered)
        return found


def _name(ids: list[str], before: dict[str, Any] | None) -> str:
    """Return the name of a set: that of the one before where nothing has come to it, else one that is unlike it."""
    if before is not None and set(ids) <= set(before["backups"]):
        return str(before["name"])
    earlier = "" if before is None else str(before["name"])
    digest = hashlib.sha256("\n".join([earlier, *ids]).encode()).hexdigest()
    return f"{len(ids)}-{digest[:8]}"
