"""Step "store": archive, checksum and, last, the manifest in every local storage backend; or nothing in any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import highest_tier
from octeth_backupd.domain.names import checksum_name, checksum_text, manifest_name, storage_key
from octeth_backupd.errors import BackupdError, NotFoundError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from octeth_backupd.domain.backup import Run
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.pipeline.archive_step import Archive
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.storage.base import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupKeys:
    """Where the three files of a backup go in every storage backend."""

    archive: str
    checksum: str
    manifest: str

    @property
    def in_order(self) -> tuple[str, ...]:
        """Return them as they are written: the manifest last, because what has none is not a backup."""
        return (self.archive, self.checksum, self.manifest)


def keys_beside(archive_key: str) -> BackupKeys:
    """Return the keys of the three files of a backup whose archive has this one."""
    return BackupKeys(archive=archive_key, checksum=checksum_name(archive_key), manifest=manifest_name(archive_key))


def free_keys(storages: Iterable[Storage], run: Run, archive_name: str) -> BackupKeys:
    """Return the keys of a run's backup.

    Args:
        storages: In which they must be free: local ones. What a remote one holds is looked at when it is uploaded to,
            and no backup waits for a network.
        run: Whose backup.
        archive_name: Of its archive.

    Raises:
        StorageError: One of them is taken; nothing is ever overwritten.
    """
    keys = keys_beside(storage_key(run.server, highest_tier(run.tiers), archive_name))
    for storage in storages:
        for key in keys.in_order:
            _refuse_taken(storage, key)
    return keys


def store(
    context: RunContext,
    storages: Iterable[Storage],
    archive: Archive,
    manifest: Manifest,
    keys: BackupKeys,
    *,
    on_left_behind: Callable[[], None] = lambda: None,
) -> None:
    """Keep a verified backup in every storage backend.

    It can be cancelled until the last manifest is written, and is whole from then on. What cannot be stored everywhere
    is stored nowhere.

    Args:
        context: The run.
        storages: Where.
        archive: What, with ``manifest``.
        manifest: Written last.
        keys: Under which names.
        on_left_behind: Called when something that was stored could not be taken back.

    Raises:
        StorageError: A storage backend refused it.
        BackupdError: The token's reason.
    """
    filled: list[Storage] = []
    try:
        for storage in storages:
            context.cancellation.raise_if_cancelled()
            storage.put(archive.path, keys.archive, sha256=archive.facts.sha256, cancellation=context.cancellation)
            filled.append(storage)  # the archive's name is ours from here on, and so are those that follow from it
            storage.put_text(keys.checksum, checksum_text(archive.facts.sha256, archive.name))
            context.cancellation.raise_if_cancelled()
            storage.put_text(keys.manifest, manifest.to_json_text())
    except BaseException:
        for storage in filled:
            _take_back(context, storage, keys, on_left_behind)
        raise


def _take_back(context: RunContext, storage: Storage, keys: BackupKeys, on_left_behind: Callable[[], None]) -> None:
    """Delete what was stored; a failure is told and does not hide why this is done."""
    try:
        for key in reversed(keys.in_order):
            storage.delete(key)
    except BackupdError as exc:
        on_left_behind()
        context.warn(f"{storage.name}: {keys.archive} could not be taken back: {exc.message}")


def _refuse_taken(storage: Storage, key: str) -> None:
    try:
        storage.stat(key)
    except NotFoundError:
        return
    raise StorageError(f"{storage.name} holds {key} already", hint="Move it away; files are never overwritten.")
