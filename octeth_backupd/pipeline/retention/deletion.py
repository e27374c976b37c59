"""The files of a copy, and how they go: only what is ours, and in an order that never leaves half a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Origin
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.summary import READABLE_STATES
from octeth_backupd.errors import BackupdError, MetadataError, NotFoundError, RetainedError, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.storage.base import Storage, StoredFile

_LEFT = "It was left alone. Look at what lies there, and move away what does not belong there."


class NothingThereError(StorageError):
    """A copy that the catalog takes for present has no file where it should be."""


def files_of(backup: Backup, copy: Copy) -> tuple[str, ...]:
    """Return the keys of a copy's files in the order in which they go.

    What has no manifest is no backup, so it goes first. The bash tool wrote none: there the archive goes first.
    """
    if backup.origin is Origin.LEGACY:
        return copy.key, checksum_name(copy.key)
    return manifest_name(copy.key), checksum_name(copy.key), copy.key


def require_deletable(
    storage: Storage, backup: Backup, copy: Copy, *, ours: Collection[str], now: datetime
) -> dict[str, int]:
    """Look at a copy's files before any of them is touched; what is gone already is no obstacle.

    Returns:
        The keys of those that are there, each with its size in bytes.

    Raises:
        RetainedError: An object lock holds one of them.
        StorageError: Something else lies under one of its names: a link, a directory, another installation's backup.
    """
    found = {key: stored for key in files_of(backup, copy) if (stored := _stat(storage, key)) is not None}
    for key, stored in found.items():
        if stored.is_held:
            raise RetainedError(f"{key} is under a legal hold", until=None)
        if stored.retained_until is not None and stored.retained_until > now:
            raise RetainedError(f"{key} is locked", until=stored.retained_until)
    has_own_manifest = _require_own_manifest(storage, backup, copy, ours)
    archive = found.get(copy.key)
    if archive is not None and not has_own_manifest and archive.size_bytes != copy.size_bytes:
        raise StorageError(
            f"{copy.key} has {archive.size_bytes} bytes and no manifest; the backup had {copy.size_bytes}", hint=_LEFT
        )
    return {key: stored.size_bytes for key, stored in found.items()}


def delete_copy(
    catalog: Catalog,
    storage: Storage,
    backup: Backup,
    copy: Copy,
    *,
    staying: Collection[str],
    now: datetime,
) -> dict[str, int] | None:
    """Claim a copy, and delete its files; what the copy is afterwards is the caller's to note.

    Args:
        catalog: Where it is claimed, and marked until that is noted. Of what failed before anything went the mark is
            taken away again; anything else is no backup any more and is finished later.
        storage: Where it lies.
        backup: Whose.
        copy: As it was when its deletion was decided.
        staying: See ``Claims.claim``.
        now: For locks.

    Returns:
        The files that were removed, each with its size in bytes: none of a copy that was lost before. None: it is not
        gone, for it became another meanwhile, or nothing else of the backup would stay.

    Raises:
        NothingThereError: Not one of its files is where the catalog knows the copy: it lies elsewhere, or is lost.
        RetainedError: An object lock holds one of its files.
        StorageError: It is not ours, or one could not be deleted.
    """
    found = require_deletable(storage, backup, copy, ours=catalog.installations.ours(), now=now)
    if not found and copy.state in READABLE_STATES and copy.detail != EXPIRING:
        raise NothingThereError(
            f"nothing of it is there, so nothing was freed: {copy.key}",
            hint=f"Was the place of {storage.name} changed in the configuration? octeth-backupctl sync looks again.",
        )
    if not catalog.claims.claim(copy, staying=staying):
        return None
    try:
        delete_files(storage, backup, copy, found=found)
    except BackupdError:
        if is_untouched(storage, backup, copy):
            catalog.claims.release(copy, detail=copy.detail)
        raise
    return found


def delete_files(storage: Storage, backup: Backup, copy: Copy, *, found: Collection[str]) -> None:
    """Delete those of a copy's files that were looked at.

    Args:
        storage: Where it lies.
        backup: Whose.
        copy: Which.
        found: What ``require_deletable`` returned: nothing else that lies there by now is touched.

    Raises:
        RetainedError: An object lock holds one of them.
        StorageError: One could not be deleted; ``is_untouched`` tells whether any was.
    """
    for key in files_of(backup, copy):
        if key in found:
            storage.delete(key)
        else:
            storage.discard_unfinished(key)


def is_untouched(storage: Storage, backup: Backup, copy: Copy) -> bool:
    """Return whether the first of a copy's files is certainly still there."""
    try:
        return has_first_file(storage, backup, copy)
    except BackupdError:
        return False


def has_first_file(storage: Storage, backup: Backup, copy: Copy) -> bool:
    """Return whether the first of a copy's files is there: without it, its deletion has begun.

    Raises:
        StorageError: The storage backend cannot be asked.
    """
    return _stat(storage, files_of(backup, copy)[0]) is not None


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
