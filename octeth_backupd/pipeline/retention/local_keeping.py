"""``[local] keep`` turned to false removes no older local copy until an operator confirms it by one ``--apply``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.timestamps import utc_text
from octeth_backupd.domain.upload import LOCAL_STORAGE

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog

LOCAL_KEEP_META = "local_keep"
"""Holds ``_KEPT``, ``_NOT_KEPT``, or since when ``keep`` is false without anybody having confirmed it."""
_KEPT = "kept"
_NOT_KEPT = "not kept"
_MAY_LIE_THERE = frozenset({CopyState.PRESENT, CopyState.MISSING, CopyState.CORRUPT})


def note_local_keeping(catalog: Catalog, *, keep_local: bool, at: datetime) -> None:
    """Note what the configuration in force says of local copies; called whenever one comes into force.

    Where nothing lies on the local disk that the change could remove, there is nothing to confirm. What is missing may
    be back tomorrow, as when a disk was not mounted.
    """
    noted = catalog.meta(LOCAL_KEEP_META)
    if keep_local:
        new = _KEPT
    elif noted in (None, _KEPT):
        new = utc_text(at) if catalog.uploads.has_copies(LOCAL_STORAGE, _MAY_LIE_THERE) else _NOT_KEPT
    else:
        return
    if new != noted:
        catalog.set_meta(LOCAL_KEEP_META, new)


def confirm_local_keeping(catalog: Catalog, *, keep_local: bool) -> None:
    """Note that an operator wants older local copies to be treated as the configuration says."""
    catalog.set_meta(LOCAL_KEEP_META, _KEPT if keep_local else _NOT_KEPT)


def is_awaiting_confirmation(catalog: Catalog, taken_at: datetime) -> bool:
    """Return whether the local copy of a backup of this time stays, although ``keep`` is false by now."""
    noted = catalog.meta(LOCAL_KEEP_META)
    if noted in (None, _NOT_KEPT):
        return False
    return noted == _KEPT or taken_at <= datetime.fromisoformat(noted)


def why_local_copies_stay(catalog: Catalog) -> str:
    """Return why older local copies stay although ``keep`` is false; empty when nothing waits."""
    noted = catalog.meta(LOCAL_KEEP_META)
    if noted in (None, _KEPT, _NOT_KEPT):
        return ""
    return (
        f"[local] keep is false since {noted}: the local copies of older backups stay until that is confirmed by one "
        "octeth-backupctl retention --apply."
    )
