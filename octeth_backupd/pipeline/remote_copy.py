"""One backup's three files in a remote storage backend: where they go, and bringing what is not there yet.

A storage backend may be shared with other installations, and an earlier attempt may have left some of the files. So
what lies under a key is looked at first: what is this backup's own is completed, what is anything else is never
touched, and the copy then goes where the key names this installation.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_text, contested_key
from octeth_backupd.errors import MetadataError, NotFoundError, StorageError
from octeth_backupd.pipeline.store_step import keys_beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.pipeline.store_step import BackupKeys
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.storage.base import Storage, StoredFile

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is to be brought.

    Attributes:
        backup: With its manifest.
        source: Its local archive.
        key: Of the archive, where nothing stands against it.
        installation_id: Ours.
    """

    backup: Backup
    source: Path
    key: str
    installation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Which of a backup's files are there already.

    Attributes:
        is_unread: Something as large as the archive is there that cannot be read now: only ``put`` can tell.
    """

    archive: bool
    checksum: bool
    manifest: bool
    is_unread: bool = False


def deliver(
    storage: Storage,
    delivery: Delivery,
    *,
    cancellation: Cancellation,
    on_key: Callable[[str], None],
    on_progress: Callable[[int], None],
) -> str:
    """Bring archive, checksum and, last, the manifest, and return the archive's key.

    Args:
        storage: Where to.
        delivery: What.
        cancellation: Looked at until the manifest is written; from then on the copy is whole.
        on_key: Told the archive's key before anything is sent there; what it raises ends this.
        on_progress: Told how many bytes of the archive are there.

    Raises:
        StorageError: It refused, failed, or what is there under both keys is not this backup's.
        BackupdError: The token's reason.
    """
    taken = []
    for key in dict.fromkeys((delivery.key, contested_key(delivery.key, delivery.installation_id))):
        keys = keys_beside(key)
        found = _look(storage, keys, delivery.backup, cancellation)
        if found is None:
            taken.append(key)
            continue
        on_key(key)
        try:
            _complete(storage, keys, found, delivery, cancellation, on_progress)
        except StorageError as exc:
            # Another installation may have been quicker: then its files are there by now.
            if exc.retryable:
                raise
            again = _look(storage, keys, delivery.backup, cancellation)
            if again is not None and not again.is_unread:
                raise
            taken.append(key)
            continue
        return key
    raise StorageError(
        f"{' and '.join(taken)} hold something that is not this backup",
        hint="Look what it is and move it away; files are never overwritten.",
    )


def missing_of(storage: Storage, copy: Copy, *, has_manifest: bool = True) -> str:
    """Return what of a copy is not there as it was stored, in words; empty when archive and manifest are.

    Args:
        storage: Where it lies.
        copy: Which.
        has_manifest: It was stored with one; archives of the bash tool were not.

    Raises:
        StorageError: The storage backend cannot be asked.
    """
    keys = keys_beside(copy.key)
    archive = _stat(storage, keys.archive)
    if archive is None:
        return "its archive is not there any more"
    if archive.size_bytes != copy.size_bytes:
        return f"its archive has {archive.size_bytes} bytes, not {copy.size_bytes}"
    if has_manifest and _stat(storage, keys.manifest) is None:
        return "its manifest is not there any more"
    return ""


def _look(storage: Storage, keys: BackupKeys, backup: Backup, cancellation: Cancellation) -> _Found | None:
    """Return which files of the backup are there; None when what is there is not the backup's."""
    manifest, checksum = _text(storage, keys.manifest), _text(storage, keys.checksum)
    if manifest is not None and not _is_manifest_of(manifest, backup):
        return None
    if checksum is not None and checksum != checksum_text(backup.sha256, backup.archive_name):
        return None
    archive = _stat(storage, keys.archive)
    if archive is not None:
        if archive.size_bytes != backup.archive_bytes:
            return None
        is_vouched_for = manifest is not None or checksum is not None
        if not is_vouched_for and archive.is_archived:
            # What was interrupted before the checksum, most likely: put() compares it by what the storage knows of it.
            return _Found(archive=False, checksum=False, manifest=False, is_unread=True)
        if not is_vouched_for and _sha256(storage, keys.archive, cancellation) != backup.sha256:
            return None
    return _Found(archive=archive is not None, checksum=checksum is not None, manifest=manifest is not None)


def _complete(
    storage: Storage,
    keys: BackupKeys,
    found: _Found,
    delivery: Delivery,
    cancellation: Cancellation,
    on_progress: Callable[[int], None],
) -> None:
    backup = delivery.backup
    if not found.archive:
        storage.put(
            delivery.source, keys.archive, sha256=backup.sha256, cancellation=cancellation, on_progress=on_progress
        )
    if not found.checksum:
        cancellation.raise_if_cancelled()
        storage.put_text(keys.checksum, checksum_text(backup.sha256, backup.archive_name))
    if not found.manifest:
        cancellation.raise_if_cancelled()
        storage.put_text(keys.manifest, Manifest.from_mapping(backup.manifest).to_json_text())
    on_progress(backup.archive_bytes)


def _is_manifest_of(text: str, backup: Backup) -> bool:
    try:
        return Manifest.from_json_text(text).to_mapping() == backup.manifest
    except MetadataError:
        return False


def _text(storage: Storage, key: str) -> str | None:
    try:
        return storage.read_text(key)
    except NotFoundError:
        return None


def _stat(storage: Storage, key: str) -> StoredFile | None:
    try:
        return storage.stat(key)
    except NotFoundError:
        return None


def _sha256(storage: Storage, key: str, cancellation: Cancellation) -> str:
    digest = hashlib.sha256()
    with storage.open(key) as file:
        while chunk := file.read(_CHUNK_BYTES):
            cancellation.raise_if_cancelled()
            digest.update(chunk)
    return digest.hexdigest()
