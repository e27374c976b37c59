"""One storage backend compared with the catalog: listed once, unknown manifests read, the catalog put right."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Copy
from octeth_backupd.domain.sync.comparison import EXPECTED, ON_ITS_WAY, compare_copy, impostor
from octeth_backupd.domain.sync.identification import identify, is_same, problem_of
from octeth_backupd.domain.sync.loose import left_partials, left_uploads, loose_files
from octeth_backupd.domain.sync.places import FoundFile, place_of, short_id, sorted_out
from octeth_backupd.domain.sync.report import Finding, FindingKind, StorageReport
from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.pipeline.record import backup_from_manifest
from octeth_backupd.pipeline.retention.confirmation import UNCONFIRMED
from octeth_backupd.pipeline.sync.manifest_reading import read_manifests
from octeth_backupd.pipeline.sync.partial_files import partial_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.sync.comparison import CopyChange, Verdict
    from octeth_backupd.domain.sync.known import KnownBackups
    from octeth_backupd.domain.sync.places import Listing
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

SUSPICIOUS_FROM = 3
"""So many copies, and none of them there: a lost mount, another bucket or another prefix rather than a loss."""

_BATCH = 200


class StoragePass:
    """See the module.

    Args:
        known: The catalog's backups as they were before anything was listed; it grows.
        server: Only this server's files; None: all.
        ours: Installations whose backups are ours.
        believe_empty: Mark copies as missing although none at all is there.

    Attributes:
        states: State files that lie there.
        is_listed: It could be listed.
        is_trusted: It was compared to the end, and is the one that the catalog knows.
    """

    def __init__(
        self,
        context: RunContext,
        parts: Parts,
        storage: Storage,
        known: KnownBackups,
        *,
        server: str | None,
        ours: frozenset[str],
        believe_empty: bool,
    ) -> None:
        self._context = context
        self._parts = parts
        self._storage = storage
        self._known = known
        self._prefix = "" if server is None else f"{server}/"
        self._ours = ours
        self._believe_empty = believe_empty
        self._now = context.clock.now()
        self._findings: list[Finding] = []
        self._counts: Counter[str] = Counter()
        self._backups: list[Backup] = []
        self._copies: list[Copy] = []
        self.states: tuple[FoundFile, ...] = ()
        self.is_listed = False
        self.is_trusted = False

    def run(self) -> StorageReport:
        """Compare and return what was found.

        A storage backend that cannot be read is a problem in the report, never a loss; what was written into the
        catalog before stands.

        Raises:
            CatalogError: The catalog cannot be read or written.
            BackupdError: The token's reason when the run was cancelled.
        """
        report = StorageReport(storage=self._storage.name)
        try:
            listing = self._list()
            self.is_listed = True
            there = [listing.files[key] for key in listing.archive_keys if key in listing.files]
            report = replace(report, archives=len(there), archive_bytes=sum(file.size_bytes for file in there))
            problem, hint = self._compare(listing)
            report = replace(report, problem=problem, hint=hint)
            self.states, self.is_trusted = listing.states, not problem
        except StorageError as exc:
            report = replace(report, problem=exc.message, hint=exc.hint)
        finally:
            self._flush()
        return replace(
            report,
            added=self._counts["added"],
            changed=self._counts["changed"],
            findings=tuple(sorted(self._findings, key=lambda finding: finding.key)),
        )

    def _list(self) -> Listing:
        files = []
        for file in self._storage.list(self._prefix):
            self._context.cancellation.raise_if_cancelled()
            files.append(FoundFile(key=file.key, size_bytes=file.size_bytes, modified_at=file.modified_at))
        return sorted_out(files)

    def _compare(self, listing: Listing) -> tuple[str, str]:
        """Compare everything and return a problem with its hint, if there is one."""
        every_copy = self._known.copies_in(self._storage.name)
        copies = {key: copy for key, copy in every_copy.items() if key.startswith(self._prefix)}
        problem, hint = ("", "") if self._believe_empty else _suspicion(copies, listing)
        undecided = self._compare_known(copies, listing, trusts_absence=not problem)
        wanted = sorted({*undecided, *(listing.archive_keys - copies.keys())}, key=self._ours_first)
        manifests = {file.key: key for key in wanted if (file := listing.at(key).manifest) is not None}
        for manifest_key, read in read_manifests(
            self._storage,
            [listing.files[key] for key in manifests],
            cancellation=self._context.cancellation,
        ):
            key = manifests[manifest_key]
            self._judge(key, manifest_key, read, listing, undecided.get(key))
        self._findings += loose_files(listing, copies, storage=self._storage.name, now=self._now)
        self._findings += left_uploads(self._storage.unfinished(self._prefix), copies, now=self._now)
        if not self._storage.is_remote and self._parts.backup_directory.is_dir():
            partials = partial_files(self._parts.backup_directory, self._prefix)
            self._findings += left_partials(partials, copies, storage=self._storage.name, now=self._now)
        return problem, hint

    def _ours_first(self, key: str) -> tuple[int, str]:
        """Order keys so that of two backups of one id ours comes first into the catalog, and keeps it."""
        place = place_of(key)
        if place is None or not place.short_id:
            return (1, key)
        return (0 if place.short_id in {short_id(one) for one in self._ours} else 2, key)

    def _compare_known(
        self, copies: Mapping[str, Copy], listing: Listing, *, trusts_absence: bool
    ) -> dict[str, Verdict]:
        """Compare the copies that the catalog knows; return those that only their manifest decides, by key."""
        undecided, changes = {}, []
        for key, copy in copies.items():
            backup = self._known.backup(copy.backup_id)
            if backup is None or not (trusts_absence or key in listing.files):
                continue
            verdict = compare_copy(copy, backup, listing.at(key), is_ours=backup.installation_id in self._ours)
            self._findings += verdict.findings
            if verdict.change is not None:
                changes.append(verdict.change)
            if verdict.must_identify:
                undecided[key] = verdict
        self._change(changes)
        return undecided

    def _judge(
        self, key: str, manifest_key: str, read: Manifest | BackupdError, listing: Listing, verdict: Verdict | None
    ) -> None:
        if isinstance(read, BackupdError):
            self._findings.append(self._unusable(manifest_key, read.message))
        elif problem := problem_of(read, key):
            self._findings.append(self._unusable(manifest_key, problem))
        elif verdict is not None and verdict.if_same is not None:
            self._settle(verdict.if_same, read)
        else:
            self._take_in(key, read, listing)

    def _settle(self, change: CopyChange, manifest: Manifest) -> None:
        """Decide about a known copy by the manifest that lies there."""
        backup = self._known.backup(change.copy.backup_id)
        if backup is not None and is_same(manifest, backup):
            self._change([change])
        elif backup is not None and change.copy.state not in ON_ITS_WAY:
            self._findings.append(impostor(change.copy, backup))

    def _take_in(self, key: str, manifest: Manifest, listing: Listing) -> None:
        """Learn of an archive under a key that the catalog does not know."""
        found = identify(manifest, listing.at(key), self._known, storage=self._storage.name)
        self._findings += found.findings
        if found.change is not None:
            self._change([found.change])
            return
        backup_id = found.copy_of.backup_id if found.copy_of is not None else found.add_as
        if not backup_id:
            return
        copy = Copy(
            backup_id=backup_id,
            storage=self._storage.name,
            key=key,
            state=found.state,
            size_bytes=manifest.archive.size_bytes,
            updated_at=self._now,
            detail=found.detail,
        )
        if found.copy_of is not None:
            self._copies.append(copy)
            self._known.add_copy(copy)
        else:
            backup = backup_from_manifest(manifest, storages=(), at=self._now)
            self._backups.append(replace(backup, backup_id=backup_id, copies=(copy,)))
            self._known.add(replace(self._backups[-1], manifest={}))
        if len(self._backups) + len(self._copies) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        """Write what was learned into the catalog; a backup that its own run records is left to it."""
        backups, copies = self._backups, self._copies
        self._backups, self._copies = [], []
        if backups:
            # No policy has seen those that are new; what a run of ours recorded meanwhile is none of them.
            added = self._parts.catalog.found.add_backups(backups, ours=self._ours, note=UNCONFIRMED)
            for backup in backups:
                if backup.backup_id not in added:
                    self._known.forget(backup.backup_id)
            self._counts["added"] += len(added)
        if copies:
            self._counts["added"] += self._parts.catalog.found.add_copies(copies)

    def _change(self, changes: list[CopyChange]) -> None:
        if not changes:
            return
        for change in self._parts.catalog.found.change_copies(changes, self._now):
            self._counts["changed"] += 1
            self._known.add_copy(
                replace(
                    change.copy,
                    state=change.state,
                    detail=change.detail,
                    key=change.key or change.copy.key,
                    updated_at=self._now,
                    verified_at=None,
                )
            )

    def _unusable(self, key: str, detail: str) -> Finding:
        return Finding(kind=FindingKind.UNUSABLE, storage=self._storage.name, key=key, detail=detail)


def _suspicion(copies: Mapping[str, Copy], listing: Listing) -> tuple[str, str]:
    """Return why an absence is not believed, with its hint: a lost mount must never look like lost backups."""
    expected = [copy for copy in copies.values() if copy.state in EXPECTED]
    if len(expected) < SUSPICIOUS_FROM or any(copy.key in listing.files for copy in expected):
        return "", ""
    return (
        f"none of the {len(expected)} archives that the catalog knows is there; none was marked as missing",
        "Look at its mount, bucket, prefix and credentials. If they are really gone, octeth-backupctl sync --repair "
        "marks them.",
    )
