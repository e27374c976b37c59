"""The only list of storage backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from octeth_backupd.storage.s3 import S3Storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.storage.base import Storage, UploadLedger
    from octeth_backupd.storage.local import LocalSettings
    from octeth_backupd.storage.s3_settings import S3Settings


def storages_for(
    *,
    local: LocalSettings,
    s3: Mapping[str, S3Settings],
    uploads: UploadLedger,
    clock: Clock,
    shortest_retention_days: int = 0,
) -> tuple[Storage, ...]:
    """Return the storage backends that the configuration names, in the order in which they are served.

    Args:
        local: The local one is always the first and always there: archives are made in it, kept or not.
        s3: Buckets by the name of their storage.
        uploads: Remembers what is on its way to them.
        clock: Time.
        shortest_retention_days: After how many days the first copies expire; 0: not known.
    """
    buckets = (
        S3Storage(name, settings, uploads=uploads, clock=clock, shortest_retention_days=shortest_retention_days)
        for name, settings in s3.items()
    )
    return (local_storage(local), *buckets)


def local_storage(settings: LocalSettings) -> Storage:
    """Return the local storage backend alone, for what has no ledger of uploads."""
    return LocalStorage(BackupDirectory(settings.directory))
