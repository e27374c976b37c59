"""What a sync found, for people and for the one who repairs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

MOST_FINDINGS = 10_000
"""So many of a storage backend are kept with the report; the log has all."""

_FIRST = 5


class FindingKind(StrEnum):
    """What is not as it should be, in one word."""

    MISSING = "missing"
    """The catalog knows an archive that is not there."""
    CORRUPT = "corrupt"
    """An archive is not what the catalog says: another size, another backup, or damaged when it was last read."""
    UNUSABLE = "unusable"
    """A manifest or a state file that cannot be used, or does not belong where it lies."""
    INCOMPLETE = "incomplete"
    """An archive that the catalog knows, without its checksum file or its manifest."""
    ORPHANED = "orphaned"
    """A part of a backup without the rest: of a deletion, an upload or a backup that never ended."""
    RETURNED = "returned"
    """A backup that the catalog records as deleted."""
    LEGACY = "legacy"
    """An archive of the bash tool that was not taken over."""
    UNKNOWN = "unknown"
    """A file that is nothing of ours."""

    @property
    def is_alarming(self) -> bool:
        """Return whether it is of the kinds that degrade a run; see ``Finding.is_alarming``."""
        return self in {FindingKind.MISSING, FindingKind.CORRUPT, FindingKind.UNUSABLE, FindingKind.INCOMPLETE}


class Repair(StrEnum):
    """What ``--repair`` would do about a finding, where it is ours."""

    REMOVE = "remove"
    WRITE_CHECKSUM = "write checksum"
    WRITE_MANIFEST = "write manifest"
    ABORT_UPLOAD = "abort upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        key: In the storage backend.
        detail: What it is about, in words.
        backup_id: The catalog's backup that it belongs to; may be empty.
        installation_id: Whose it is, as a manifest or the catalog says; empty: nobody knows.
        repair: What would put it right; None: nothing that a sync may do.
        archive_key: The archive that it is a part of, for repairs.
        outcome: What a repair did, in words; empty: none was tried.
        is_known: The catalog knew before this sync that the copy is lost: whoever found it then told it.
        has_other_copy: The backup can be restored from another copy.
    """

    kind: FindingKind
    storage: str
    key: str
    detail: str
    backup_id: str = ""
    installation_id: str = ""
    repair: Repair | None = None
    archive_key: str = ""
    outcome: str = ""
    is_repaired: bool = False
    is_known: bool = False
    has_other_copy: bool = False

    @property
    def is_alarming(self) -> bool:
        """Return whether somebody must look at it: not again at a lost copy that its backup can do without."""
        return self.kind.is_alarming and not self.is_repaired and not (self.is_known and self.has_other_copy)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageReport:
    """What was found in one storage backend.

    Attributes:
        problem: Why it could not be compared, or not wholly; empty: it was.
        archives: Archives that are there, of any installation.
        archive_bytes: Their size.
        added: Copies that the catalog did not know.
        changed: Copies of which it knows something else now.
        findings: In the order of their keys.
    """

    storage: str
    problem: str = ""
    hint: str = ""
    archives: int = 0
    archive_bytes: int = 0
    added: int = 0
    changed: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationReport:
    """An installation whose backups the catalog knows.

    Attributes:
        is_ours: This one, or one that was adopted.
        is_own: This one.
        backups: How many of its backups have a copy that can be read.
        newest: Id of the newest of them.
    """

    installation_id: str
    is_ours: bool
    is_own: bool
    servers: tuple[str, ...]
    backups: int
    newest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncReport:
    """A whole sync.

    Attributes:
        at: When it ended.
        states_taken: Pins, holds, accepts, proofs and doubts that the catalog learned from state files.
        adopted: The installation that was taken over; empty: none.
        repair: Whether it was to repair.
        problems: What else could not be done.
    """

    run_id: str
    at: datetime
    storages: tuple[StorageReport, ...] = ()
    installations: tuple[InstallationReport, ...] = ()
    states_taken: int = 0
    adopted: str = ""
    repair: bool = False
    problems: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what was found everywhere."""
        return tuple(finding for storage in self.storages for finding in storage.findings)

    def degraded(self) -> list[str]:
        """Return what somebody must look at, one sentence each; none when all is well."""
        reasons = [f"{one.storage}: {one.problem}" for one in self.storages if one.problem]
        for storage in self.storages:
            counts = counts_of(finding for finding in storage.findings if finding.is_alarming)
            if counts:
                reasons.append(f"{storage.storage}: {', '.join(f'{count} {kind}' for kind, count in counts.items())}")
        return [*reasons, *self.problems]


def counts_of(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each kind, kinds without any left out."""
    kinds = [finding.kind for finding in findings]
    return {kind.value: kinds.count(kind) for kind in FindingKind if kind in kinds}


def document_of(report: SyncReport) -> dict[str, Any]:
    """Return a whole report as JSON types; of very many findings the alarming ones and the first of the others."""
    left_out = 0
    storages = []
    for storage in report.storages:
        findings = sorted(storage.findings, key=lambda finding: (not finding.is_alarming, not finding.kind.is_alarming))
        left_out += max(0, len(findings) - MOST_FINDINGS)
        storages.append({**asdict(replace(storage, findings=tuple(findings[:MOST_FINDINGS])))})
        storages[-1]["counts"] = counts_of(storage.findings)
    return {
        "run_id": report.run_id,
        "at": utc_text(report.at),
        "repair": report.repair,
        "adopted": report.adopted,
        "states_taken": report.states_taken,
        "installations": [asdict(one) for one in report.installations],
        "storages": storages,
        "problems": report.degraded(),
        "findings_left_out": left_out,
    }


def run_detail(report: SyncReport) -> Mapping[str, Any]:
    """Return the small facts that stay with the run: counts, and the first of each kind."""
    first: dict[str, list[str]] = {}
    for finding in report.findings:
        keys = first.setdefault(finding.kind.value, [])
        if len(keys) < _FIRST:
            keys.append(f"{finding.storage}: {finding.key}")
    reasons = report.degraded()
    return {
        "storages": {
            one.storage: {
                "archives": one.archives,
                "archive_bytes": one.archive_bytes,
                "added": one.added,
                "changed": one.changed,
                **counts_of(one.findings),
            }
            for one in report.storages
        },
        "states_taken": report.states_taken,
        "first_findings": first,
        **({"adopted": report.adopted} if report.adopted else {}),
        **({"degraded": reasons} if reasons else {}),
    }
