"""The files of a copy, and how they go: only what is ours, and in an order that never leaves half a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Origin
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.errors import BackupdError, MetadataError, NotFoundError, RetainedError, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.storage.base import Storage, StoredFile

_LEFT = "It was left alone. Look at what lies there, and move away what does not belong there."


def files_of(backup: Backup, copy: Copy) -> tuple[str, ...]:
    """Return the keys of a copy's files in the order in which they go.

    What has no manifest is no backup, so it goes first. The bash tool wrote none: there the archive goes first.
    """
    if backup.origin is Origin.LEGACY:
        return copy.key, checksum_name(copy.key)
    return manifest_name(copy.key), checksum_name(copy.key), copy.key


def require_deletable(storage: Storage, backup: Backup, copy: Copy, *, ours: Collection[str], now: datetime) -> None:
    """Look at a copy's files before any of them is touched; what is gone already is no obstacle.

    Raises:
        RetainedError: An object lock holds one of them.
        StorageError: Something else lies under one of its names: a link, a directory, another installation's backup.
    """
    found = {key: stored for key in files_of(backup, copy) if (stored := _stat(storage, key)) is not None}
    for key, stored in found.items():
        if stored.retained_until is not None and stored.retained_until > now:
            raise RetainedError(f"{key} is locked", until=stored.retained_until)
    has_own_manifest = _require_own_manifest(storage, backup, copy, ours)
    archive = found.get(copy.key)
    if archive is not None and not has_own_manifest and archive.size_bytes != copy.size_bytes:
        raise StorageError(
            f"{copy.key} has {archive.size_bytes} bytes and no manifest; the backup had {copy.size_bytes}", hint=_LEFT
        )


def delete_files(storage: Storage, backup: Backup, copy: Copy) -> None:
    """Delete a copy's files.

    Raises:
        RetainedError: An object lock holds one of them.
        StorageError: One could not be deleted; ``is_untouched`` tells whether any was.
    """
    for key in files_of(backup, copy):
        storage.delete(key)


def is_untouched(storage: Storage, backup: Backup, copy: Copy) -> bool:
    """Return whether the first of a copy's files is certainly still there."""
    try:
        return _stat(storage, files_of(backup, copy)[0]) is not None
    except BackupdError:
        return False


def _require_own_manifest(storage: Storage, backup: Backup, copy: Copy, ours: Collection[str]) -> bool:
    """Return whether this backup's manifest lies beside the archive; raise when another's does."""
    key = manifest_name(copy.key)
    try:
        manifest = Manifest.from_json_text(storage.read_text(key))
    except NotFoundError:
        return False
    except MetadataError as exc:
        raise StorageError(f"{key} is no manifest that this release reads", hint=_LEFT) from exc
    if manifest.installation_id not in ours or manifest.backup_id != backup.backup_id:
        raise StorageError(
            f"{key} is of backup {manifest.backup_id} of installation {manifest.installation_id}", hint=_LEFT
        )
    return True


def _stat(storage: Storage, key: str) -> StoredFile | None:
    try:
        return storage.stat(key)
    except NotFoundError:
        return None
