"""Which backup an archive is, by the manifest beside it, and what the catalog shall learn of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.names import backup_id, parse_archive_name
from octeth_backupd.domain.sync.comparison import CopyChange, wrong_size
from octeth_backupd.domain.sync.places import place_of, short_id
from octeth_backupd.domain.sync.report import Finding, FindingKind, Repair

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.sync.known import KnownBackups
    from octeth_backupd.domain.sync.places import FoundArchive


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What is to be done about an archive that the catalog does not know where it lies.

    Attributes:
        add_as: Id of a backup that is added with its manifest; empty: none is.
        copy_of: The known backup that has a copy here from now on.
        change: What the catalog shall know of a known copy that lies elsewhere now.
        state: Of the copy that is added.
        detail: Of the same.
    """

    add_as: str = ""
    copy_of: Backup | None = None
    change: CopyChange | None = None
    state: CopyState = CopyState.PRESENT
    detail: str = ""
    findings: tuple[Finding, ...] = ()


def problem_of(manifest: Manifest, archive_key: str) -> str:
    """Return why a manifest does not belong where it lies; empty when it does.

    What it says of itself is compared with where it lies before any of it is believed: a bucket is written by others.
    """
    place = place_of(archive_key)
    named = parse_archive_name(manifest.archive.name)
    if place is None or named is None:
        return f"it names the archive {manifest.archive.name!r}"
    says = (manifest.server.name, manifest.tier, manifest.archive.name)
    if says != (place.server, place.tier, place.name):
        return f"it belongs to {'/'.join(str(part) for part in says)}"
    if place.short_id not in {"", short_id(manifest.installation_id)}:
        return f"it is of the installation {manifest.installation_id}, and lies in the directory of another"
    taken_at = manifest.times.taken_at.replace(microsecond=0)
    if named.taken_at != taken_at or manifest.backup_id != backup_id(place.server, taken_at):
        return f"its id {manifest.backup_id!r}, its time and its archive's name do not fit together"
    if manifest.archive.size_bytes != manifest.sizes.archive_bytes:
        return "it has two sizes of the archive"
    return ""


def is_same(manifest: Manifest, backup: Backup) -> bool:
    """Return whether a manifest is that of a backup in the catalog."""
    return (manifest.installation_id, manifest.run_id, manifest.archive.sha256) == (
        backup.installation_id,
        backup.run_id,
        backup.sha256,
    )


def identify(manifest: Manifest, found: FoundArchive, known: KnownBackups, *, storage: str) -> Identified:
    """Return what the catalog shall learn of an archive with a manifest, under a key that it does not know.

    Args:
        manifest: What lies beside it; ``problem_of`` found nothing.
        found: The files.
        known: The catalog's backups.
        storage: Where they lie.
    """
    backup = known.same(manifest.backup_id, manifest.installation_id)
    if backup is not None and not is_same(manifest, backup):
        detail = f"the catalog knows another archive as backup {backup.backup_id}"
        return Identified(findings=(_finding(FindingKind.UNUSABLE, manifest, found, storage, detail),))
    if found.archive is None:
        detail = "a manifest without its archive"
        orphan = _finding(FindingKind.ORPHANED, manifest, found, storage, detail, repair=Repair.REMOVE)
        return Identified(findings=(orphan,))
    state, detail = CopyState.PRESENT, ""
    findings: tuple[Finding, ...] = ()
    if found.archive.size_bytes != manifest.archive.size_bytes:
        state, detail = CopyState.CORRUPT, wrong_size(found.archive.size_bytes, manifest.archive.size_bytes)
        findings = (_finding(FindingKind.CORRUPT, manifest, found, storage, detail),)
    if backup is None:
        add_as = known.free_id(manifest.backup_id, manifest.installation_id)
        if known.backup(add_as) is not None:
            detail = f"the catalog knows another backup as {add_as}"
            return Identified(findings=(_finding(FindingKind.UNUSABLE, manifest, found, storage, detail),))
        return Identified(add_as=add_as, state=state, detail=detail, findings=findings)
    copy = known.copy(backup.backup_id, storage)
    if copy is None:
        return Identified(copy_of=backup, state=state, detail=detail, findings=findings)
    return _elsewhere(copy, manifest, found, storage, state=state, detail=detail)


def _elsewhere(
    copy: Copy, manifest: Manifest, found: FoundArchive, storage: str, *, state: CopyState, detail: str
) -> Identified:
    """Judge an archive of a backup whose copy in this storage backend the catalog knows under another key."""
    if copy.state is CopyState.MISSING and state is CopyState.PRESENT:
        return Identified(change=CopyChange(copy=copy, state=state, detail="found in another place", key=found.key))
    if copy.state is CopyState.DELETED:
        text = "the catalog records it as deleted; it was put back, and is left alone"
        return Identified(findings=(_finding(FindingKind.RETURNED, manifest, found, storage, text),))
    text = f"a second archive of backup {copy.backup_id}, which lies at {copy.key}"
    return Identified(findings=(_finding(FindingKind.UNKNOWN, manifest, found, storage, detail or text),))


def _finding(
    kind: FindingKind,
    manifest: Manifest,
    found: FoundArchive,
    storage: str,
    detail: str,
    *,
    repair: Repair | None = None,
) -> Finding:
    key = found.key if found.archive is not None else found.manifest.key if found.manifest is not None else found.key
    return Finding(
        kind=kind,
        storage=storage,
        key=key,
        detail=detail,
        backup_id=manifest.backup_id,
        installation_id=manifest.installation_id,
        repair=repair,
        archive_key=found.key,
    )
