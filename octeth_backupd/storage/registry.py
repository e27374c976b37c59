"""The only list of storage backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage

if TYPE_CHECKING:
    from octeth_backupd.storage.base import Storage
    from octeth_backupd.storage.local import LocalSettings


def storages_for(*, local: LocalSettings) -> tuple[Storage, ...]:
    """Return the storage backends that the configuration names; the local one is always there, and first.

    With ``[local] keep = false`` too: every backup is stored there first and uploaded from there.
    """
    return (LocalStorage(BackupDirectory(local.directory)),)
