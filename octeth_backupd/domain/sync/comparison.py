"""What one copy that the catalog knows, and what lies where it should be, say to each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Origin
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.domain.sync.report import Finding, FindingKind, Repair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.domain.sync.places import FoundArchive

ON_ITS_WAY = frozenset({CopyState.PENDING, CopyState.UPLOADING})
EXPECTED = frozenset({CopyState.PRESENT, CopyState.RETAINED, CopyState.CORRUPT})
"""States of a copy whose archive should be there."""

_WRONG_SIZE = "its size is "


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyChange:
    """What the catalog shall know of a copy from now on; made only while the copy is as it was.

    Attributes:
        copy: As it was when the comparison began.
        key: Where it lies from now on; None: where it lay.
    """

    copy: Copy
    state: CopyState
    detail: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one known copy.

    Attributes:
        must_identify: Something as large as the archive lies there; only its manifest says whether it is the archive.
        if_same: What the catalog shall know when it is.
    """

    change: CopyChange | None = None
    findings: tuple[Finding, ...] = ()
    must_identify: bool = False
    if_same: CopyChange | None = None


def compare_copy(copy: Copy, backup: Backup, found: FoundArchive, *, is_ours: bool) -> Verdict:
    """Return what the catalog shall learn of a copy, and what is to be reported.

    Args:
        copy: As the catalog has it.
        backup: Whose copy.
        found: What lies under its key and beside it.
        is_ours: The backup is of this installation, or of one that it adopted.
    """
    whole = found.archive is not None and found.archive.size_bytes == backup.archive_bytes
    if copy.state in ON_ITS_WAY:
        # The manifest is written last: without it the upload is not over, and with it is whoever's the manifest says.
        return _identified_first(copy) if whole and found.manifest is not None else Verdict()
    if copy.state is CopyState.DELETED:
        return _compare_deleted(copy, backup, found, is_ours=is_ours)
    if found.archive is None:
        return _compare_gone(copy, backup, found, is_ours=is_ours)
    if not whole:
        detail = wrong_size(found.archive.size_bytes, backup.archive_bytes)
        change = (
            None if copy.state is CopyState.CORRUPT else CopyChange(copy=copy, state=CopyState.CORRUPT, detail=detail)
        )
        return Verdict(change=change, findings=(_lost(FindingKind.CORRUPT, copy, backup, detail),))
    flaws = tuple(_flaws(copy, backup, found, is_ours=is_ours))
    if copy.state is CopyState.CORRUPT and not is_wrong_size(copy.detail):
        # A verification found other bytes than were written; the size alone does not refute it.
        detail = f"damaged when it was last read ({copy.detail}); octeth-backupctl verify looks again"
        return Verdict(findings=(_lost(FindingKind.CORRUPT, copy, backup, detail), *flaws))
    if copy.state in {CopyState.CORRUPT, CopyState.MISSING}:
        back = CopyChange(copy=copy, state=CopyState.PRESENT, detail="there again, not read back yet")
        if found.manifest is None:
            return Verdict(change=back, findings=flaws)
        return Verdict(findings=flaws, must_identify=True, if_same=back)
    return Verdict(findings=flaws)


def wrong_size(found_bytes: int, expected_bytes: int) -> str:
    """Return how a copy's detail says that its size is wrong."""
    return f"{_WRONG_SIZE}{found_bytes} bytes, not {expected_bytes}"


def is_wrong_size(detail: str) -> bool:
    """Return whether a copy is corrupt for its size alone."""
    return detail.startswith(_WRONG_SIZE)


def impostor(copy: Copy, backup: Backup) -> Finding:
    """Return the finding for an archive whose manifest is of another backup than the catalog knows under its key."""
    return _finding(FindingKind.CORRUPT, copy, backup, "another backup lies in its place: its manifest says so")


def _identified_first(copy: Copy) -> Verdict:
    return Verdict(
        must_identify=True, if_same=CopyChange(copy=copy, state=CopyState.PRESENT, detail="found whole by a sync")
    )


def _compare_gone(copy: Copy, backup: Backup, found: FoundArchive, *, is_ours: bool) -> Verdict:
    if not is_ours:
        # Whoever made it removes it when its time is over; that is nobody's loss here.
        detail = "no longer there; its own installation removed it, or lost it"
        return Verdict(change=CopyChange(copy=copy, state=CopyState.DELETED, detail=detail))
    detail = "the archive is not there any more"
    change = None if copy.state is CopyState.MISSING else CopyChange(copy=copy, state=CopyState.MISSING, detail=detail)
    beside = ", ".join(file.key.removeprefix(copy.key) for file in found.files)
    return Verdict(
        change=change,
        findings=(_lost(FindingKind.MISSING, copy, backup, f"{detail}, only {beside}" if beside else detail),),
    )


def _compare_deleted(copy: Copy, backup: Backup, found: FoundArchive, *, is_ours: bool) -> Verdict:
    if not is_ours:
        back = CopyChange(copy=copy, state=CopyState.PRESENT)
        return Verdict(must_identify=found.archive is not None and found.manifest is not None, if_same=back)
    if found.archive is not None:
        # An operator may have undeleted the archive alone: it is never taken for a leftover.
        detail = "the catalog records it as deleted; its archive was put back, and is left alone"
        return Verdict(findings=(_finding(FindingKind.RETURNED, copy, backup, detail),))
    return Verdict(
        findings=tuple(
            Finding(
                kind=FindingKind.ORPHANED,
                storage=copy.storage,
                key=file.key,
                detail="left by a deletion that the catalog records",
                backup_id=backup.backup_id,
                installation_id=backup.installation_id,
                repair=Repair.REMOVE,
                archive_key=copy.key,
            )
            for file in found.files
        )
    )


def _flaws(copy: Copy, backup: Backup, found: FoundArchive, *, is_ours: bool) -> Iterator[Finding]:
    """Yield what is missing beside a whole archive; the bash tool's have no manifest, and are never written to."""
    if not is_ours or backup.origin is Origin.LEGACY:
        return
    for key, file, repair in (
        (checksum_name(copy.key), found.checksum, Repair.WRITE_CHECKSUM),
        (manifest_name(copy.key), found.manifest, Repair.WRITE_MANIFEST),
    ):
        if file is None:
            yield Finding(
                kind=FindingKind.INCOMPLETE,
                storage=copy.storage,
                key=key,
                detail="not there, beside a whole archive; the catalog knows what it said",
                backup_id=backup.backup_id,
                installation_id=backup.installation_id,
                repair=repair,
                archive_key=copy.key,
            )


def _lost(kind: FindingKind, copy: Copy, backup: Backup, detail: str) -> Finding:
    """Return the finding for a copy that cannot be read, known already where its state in the catalog says so."""
    return replace(_finding(kind, copy, backup, detail), is_known=copy.state.value == kind.value)


def _finding(kind: FindingKind, copy: Copy, backup: Backup, detail: str) -> Finding:
    return Finding(
        kind=kind,
        storage=copy.storage,
        key=copy.key,
        detail=detail,
        backup_id=backup.backup_id,
        installation_id=backup.installation_id,
        archive_key=copy.key,
    )
