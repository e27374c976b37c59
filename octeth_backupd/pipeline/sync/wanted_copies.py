"""Copies that should be in a storage backend, are not, and can be uploaded once more from the local disk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from octeth_backupd.domain.backup import CopyState, Origin
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.domain.sync.comparison import CopyChange
from octeth_backupd.domain.upload import LOCAL_STORAGE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Backup, Copy

_REASON = "not there; uploaded from the local copy"

_log = structlog.get_logger("sync")


def await_wanted_copies(
    catalog: Catalog, backups: Collection[Backup], storages: Iterable[str], *, ours: Collection[str], at: datetime
) -> int:
    """Make copies pending that are wanted in these storage backends and not there.

    That is what is missing there; and, of backups without any word about a copy there, those that are newer than every
    backup with one: of a rebuilt catalog, whose waiting copies nobody remembers. What was deleted stays deleted, and
    what was there before a storage backend was added is never sent.

    Args:
        catalog: Where that is noted.
        backups: As they are now, with their copies.
        storages: Names of remote storage backends that were compared to the end.
        ours: Installations whose backups are ours: those of others are left alone.
        at: Now.

    Returns:
        How many wait now.
    """
    of_ours = [one for one in backups if one.installation_id in ours and one.origin is not Origin.LEGACY]
    missing: list[CopyChange] = []
    absent: list[Copy] = []
    for storage in storages:
        newest: dict[str, datetime] = {}
        for backup in of_ours:
            if _copy_in(backup, storage) is not None:
                newest[backup.server] = max(backup.taken_at, newest.get(backup.server, backup.taken_at))
        for backup in of_ours:
            local = _copy_in(backup, LOCAL_STORAGE)
            if local is None or local.state not in READABLE_STATES or local.detail == EXPIRING:
                continue
            copy = _copy_in(backup, storage)
            if copy is None:
                if backup.server in newest and backup.taken_at > newest[backup.server]:
                    absent.append(_pending(local, storage, at))
            elif copy.state is CopyState.MISSING and copy.detail != EXPIRING:
                missing.append(CopyChange(copy=copy, state=CopyState.PENDING, detail=_REASON))
    count = len(catalog.found.change_copies(missing, at)) + catalog.found.add_copies(absent)
    if count:
        _log.info("sync.uploads_wanted", copies=count)
    return count


def _copy_in(backup: Backup, storage: str) -> Copy | None:
    return next((copy for copy in backup.copies if copy.storage == storage), None)


def _pending(local: Copy, storage: str, at: datetime) -> Copy:
    return replace(local, storage=storage, state=CopyState.PENDING, updated_at=at, verified_at=None, detail=_REASON)
