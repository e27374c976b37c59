"""Files in a storage backend that no backup in the catalog accounts for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.sync.comparison import ON_ITS_WAY
from octeth_backupd.domain.sync.places import three_keys
from octeth_backupd.domain.sync.report import Finding, FindingKind, Repair

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from octeth_backupd.domain.backup import Copy
    from octeth_backupd.domain.sync.places import FoundArchive, FoundFile, Listing
    from octeth_backupd.domain.upload import Upload

BEING_WRITTEN = timedelta(days=1)
"""For so long an archive without a manifest, a part of an upload or a partial file is somebody's work going on."""

_LEGACY = "made by the bash tool; an import of the tool's directory takes its archives over"


def loose_files(listing: Listing, known: Mapping[str, Copy], *, storage: str, now: datetime) -> Iterator[Finding]:
    """Yield what is to be reported of files that belong to no copy in the catalog and have no manifest.

    None of them says whose it is, so that none is ever removed.

    Args:
        listing: What lies in the storage backend.
        known: The catalog's copies in it, by key.
        storage: Its name.
        now: The current time.
    """
    accounted = {key for archive_key in known for key in three_keys(archive_key)}
    for key in sorted(listing.archive_keys - known.keys()):
        yield from _without_manifest(listing.at(key), storage=storage, now=now)
    for file in listing.legacy:
        if file.key not in accounted:
            yield Finding(kind=FindingKind.LEGACY, storage=storage, key=file.key, detail=_LEGACY)
    for file in listing.others:
        if file.key not in accounted:
            yield Finding(kind=FindingKind.UNKNOWN, storage=storage, key=file.key, detail="no file of octeth-backupd")


def left_uploads(uploads: Iterable[Upload], known: Mapping[str, Copy], *, now: datetime) -> Iterator[Finding]:
    """Yield what is to be reported of uploads in parts that are open in a storage backend.

    Args:
        uploads: Those that this installation did not begin have no digest.
        known: The catalog's copies in the storage backend, by key.
        now: The current time.
    """
    for upload in uploads:
        if upload.sha256:
            copy = known.get(upload.key)
            if copy is None or copy.state not in ON_ITS_WAY:
                yield _upload(upload, "an upload of ours that nobody waits for", repair=Repair.ABORT_UPLOAD)
        elif now - upload.begun_at > BEING_WRITTEN:
            yield _upload(upload, "an upload in parts that this installation did not begin")


def left_partials(
    files: Iterable[FoundFile], known: Mapping[str, Copy], *, storage: str, now: datetime
) -> Iterator[Finding]:
    """Yield what is to be reported of partial files, under the keys that they would have had.

    Only one that belongs to a copy in the catalog is known to be ours, and left over.
    """
    owners = {key: copy for archive_key, copy in known.items() for key in three_keys(archive_key)}
    for file in files:
        if now - file.modified_at <= BEING_WRITTEN:
            continue
        copy = owners.get(file.key)
        is_left = copy is not None and copy.state not in ON_ITS_WAY
        yield Finding(
            kind=FindingKind.ORPHANED,
            storage=storage,
            key=file.key,
            detail=f"a file of {file.size_bytes} bytes that was never finished (.partial)",
            backup_id=copy.backup_id if copy is not None else "",
            repair=Repair.ABORT_UPLOAD if is_left else None,
            archive_key=file.key,
        )


def _without_manifest(found: FoundArchive, *, storage: str, now: datetime) -> Iterator[Finding]:
    if found.manifest is not None:
        return
    for file in found.files:
        if now - file.modified_at <= BEING_WRITTEN:
            continue
        what = "an archive without a manifest" if file is found.archive else "a checksum file"
        beside = "" if file is found.archive or found.archive is not None else " without its archive"
        yield Finding(
            kind=FindingKind.ORPHANED,
            storage=storage,
            key=file.key,
            detail=f"{what}{beside}, older than a day; it does not say whose it is",
            archive_key=found.key,
        )


def _upload(upload: Upload, detail: str, *, repair: Repair | None = None) -> Finding:
    return Finding(
        kind=FindingKind.ORPHANED,
        storage=upload.storage,
        key=upload.key,
        detail=f"{detail}, begun {upload.begun_at:%Y-%m-%d %H:%M} UTC",
        repair=repair,
        archive_key=upload.key,
    )
