"""Whether the copies on the local disk are still there, by one walk and without a run: marked as by a sync.

Unlike a sync it believes in an absence of everything: what cannot be restored now must not look as if it could. The
catalog alone is changed, and is put right by the next look when the disk is back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.names import manifest_name
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.sync.comparison import EXPECTED, compare_copy, is_wrong_size
from octeth_backupd.domain.sync.identification import is_same
from octeth_backupd.domain.sync.places import FoundArchive, FoundFile
from octeth_backupd.domain.sync.vanished import is_vanished, vanished_detail
from octeth_backupd.errors import BackupdError
from octeth_backupd.pipeline.sync.manifest_reading import read_manifests
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage.directory import DirectoryMissingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.domain.sync.comparison import CopyChange
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

_AT_ONCE = 200
_LOOKED_AT = EXPECTED | {CopyState.MISSING}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalLook:
    """What a look changed in the catalog.

    Attributes:
        is_whole: Every copy that was looked at is there as it was stored.
    """

    changes: tuple[CopyChange, ...] = ()
    is_whole: bool = True

    def became(self, state: CopyState) -> tuple[CopyChange, ...]:
        """Return the copies that became this, those apart whose whole tree is gone."""
        return tuple(one for one in self.changes if one.state is state and not is_vanished(one.detail))

    @property
    def vanished(self) -> Mapping[str, int]:
        """Return how many copies went with each tree that is gone, by what is said of it."""
        details = [one.detail for one in self.changes if is_vanished(one.detail)]
        return {detail: details.count(detail) for detail in dict.fromkeys(details)}


def look_at_local(parts: Parts, storage: Storage, now: datetime) -> LocalLook:
    """Compare the copies that the catalog knows on the local disk with what lies there, and note what they became.

    Copies of other installations are left to a sync, and those whose deletion was begun to whoever began it.

    Raises:
        StorageError: The directory is there and cannot be read; nothing was noted.
        CatalogError: The catalog cannot be read or written.
    """
    # Looked at before anything is listed: a copy that appears later is newer than what was seen.
    copies = [copy for copy in parts.catalog.copies_in(_LOOKED_AT, storage=storage.name) if copy.detail != EXPIRING]
    if not copies:
        return LocalLook()
    files, why_none = _files(storage)
    odd = [copy for copy in copies if not _is_as_stored(copy, files)]
    changes = _changes(parts, storage, [copy for copy in odd if _is_news(copy, files)], files)
    vanished = _vanished(parts, copies, files, why_none)
    told = [
        replace(one, detail=detail)
        if one.state is CopyState.MISSING and (detail := vanished.get(_server_of(one.copy)))
        else one
        for one in changes
    ]
    return LocalLook(changes=tuple(parts.catalog.found.change_copies(told, now)), is_whole=not odd)


def _files(storage: Storage) -> tuple[dict[str, FoundFile], str]:
    """Return all files by their keys, and why there is none where even their directory is missing."""
    try:
        return {
            file.key: FoundFile(key=file.key, size_bytes=file.size_bytes, modified_at=file.modified_at)
            for file in storage.list()
        }, ""
    except DirectoryMissingError as exc:
        return {}, exc.message


def _is_as_stored(copy: Copy, files: Mapping[str, FoundFile]) -> bool:
    found = files.get(copy.key)
    return copy.state in {CopyState.PRESENT, CopyState.RETAINED} and (
        found is not None and found.size_bytes == copy.size_bytes
    )


def _is_news(copy: Copy, files: Mapping[str, FoundFile]) -> bool:
    """Return whether a copy that is not as it was stored is not what the catalog has it for, either."""
    found = files.get(copy.key)
    if found is None:
        return copy.state is not CopyState.MISSING
    if copy.state is CopyState.CORRUPT:
        return found.size_bytes == copy.size_bytes and is_wrong_size(copy.detail)
    return True


def _changes(
    parts: Parts, storage: Storage, copies: Iterable[Copy], files: Mapping[str, FoundFile]
) -> list[CopyChange]:
    """Return what a sync would make of these copies."""
    changes: list[CopyChange] = []
    back: dict[str, tuple[CopyChange, Backup]] = {}
    for copy, backup in _with_our_backups(parts.catalog, copies):
        manifest_key = manifest_name(copy.key)
        found = FoundArchive(key=copy.key, archive=files.get(copy.key), manifest=files.get(manifest_key))
        verdict = compare_copy(copy, backup, found, is_ours=True)
        if verdict.change is not None:
            changes.append(verdict.change)
        elif verdict.if_same is not None:
            back[manifest_key] = verdict.if_same, backup
    for key, read in read_manifests(storage, [files[key] for key in back], cancellation=Cancellation()):
        change, backup = back[key]
        if not isinstance(read, BackupdError) and is_same(read, backup):
            changes.append(change)
    return changes


def _with_our_backups(catalog: Catalog, copies: Iterable[Copy]) -> Iterator[tuple[Copy, Backup]]:
    """Yield those copies whose backup is ours, with it; not all backups at once, where a whole disk is missing."""
    ours = catalog.installations.ours()
    left = iter(copies)
    while some := list(islice(left, _AT_ONCE)):
        backups = {backup.backup_id: backup for backup in catalog.backups_of({copy.backup_id for copy in some})}
        yield from ((copy, backups[copy.backup_id]) for copy in some if backups[copy.backup_id].installation_id in ours)


def _vanished(parts: Parts, copies: Iterable[Copy], files: Mapping[str, FoundFile], why_none: str) -> dict[str, str]:
    """Return what is said of the servers of whose backups there is nothing at all, by server."""
    full = {key.partition("/")[0] for key in files}
    gone = {_server_of(copy) for copy in copies} - full
    if not files:
        what = why_none or f"nothing is in {parts.backup_directory}"
        return dict.fromkeys(gone, vanished_detail(what))
    return {server: vanished_detail(f"nothing is in {parts.backup_directory / server}") for server in gone}


def _server_of(copy: Copy) -> str:
    return copy.key.partition("/")[0]
