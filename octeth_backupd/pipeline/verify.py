"""The operation "verify": each copy of a backup is read back and compared with its manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Origin, RunStatus
from octeth_backupd.domain.holdings import Proof, ProofLevel
from octeth_backupd.domain.legacy.adoption import checksum_in
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_name, checksum_text, manifest_name
from octeth_backupd.domain.restore.order import VerifyOrder
from octeth_backupd.domain.upload import section_of
from octeth_backupd.errors import MetadataError, NotFoundError, StorageError, VerificationError
from octeth_backupd.pipeline.copy_check import check_copy
from octeth_backupd.pipeline.restore.deep_verify import verify_deeply
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.retention.doubts import begin_hold
from octeth_backupd.pipeline.step_runner import StepRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.copy_check import Finding
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

READABLE = {CopyState.PRESENT, CopyState.RETAINED, CopyState.CORRUPT, CopyState.MISSING}


def verify_backup(context: RunContext, parts: Parts) -> RunResult:
    """Read every copy of a backup, or the one that was ordered, compare it with the manifest and record what was found.

    A copy that was missing or corrupt before is looked at again: it may have been brought back. A copy that cannot be
    read now keeps its state.

    Returns:
        Degraded when an archive is whole, and a checksum file or a manifest beside it is not (this catalog knows what
        they said, but without it nobody would take the archive for a backup), when another copy could not be read, or
        when nobody knows what the checksum must be.

    Raises:
        VerificationError: A copy is missing, damaged or not what the manifest says; the catalog says so from now on.
        StorageError: No copy can be read now.
        NotFoundError: The backup is gone, or has no copy there.
    """
    order = context.order if isinstance(context.order, VerifyOrder) else VerifyOrder()
    if order.deep:
        return verify_deeply(context, parts, order)
    return _Verification(context, parts, parts.catalog.backup(context.run.backup_id or "")).run(only=order.storage)


class _Verification:
    """One backup, copy by copy: problems make the run failed, flaws degraded, what is archived only a remark."""

    def __init__(self, context: RunContext, parts: Parts, backup: Backup) -> None:
        self._context = context
        self._parts = parts
        self._backup = backup
        self._problems: list[str] = []
        self._flaws: list[str] = []
        self._archived: list[str] = []
        self._errors: list[StorageError] = []
        self._verified_bytes = 0

    def run(self, *, only: str) -> RunResult:
        """Read the copies and say how they are."""
        steps = StepRunner(self._context)
        for copy, storage in self._copies(only):
            with steps.step(f"verify {copy.storage}"):
                self._take(copy, storage, check_copy(self._context, self._parts, self._backup, copy, storage))
        for words in (*self._flaws, *self._archived):
            self._context.warn(words)
        if self._problems:
            raise VerificationError(
                f"backup {self._backup.backup_id} is not what {_witness(self._backup)} says: "
                + "; ".join(self._problems),
                hint="Do not rely on this copy. Take a new backup now: octeth-backupctl backup.",
            )
        if not self._verified_bytes and self._errors:
            raise self._errors[0]
        return RunResult(
            status=RunStatus.DEGRADED if self._flaws else RunStatus.SUCCESS,
            backup_id=self._backup.backup_id,
            detail={"verified_bytes": self._verified_bytes}
            | ({"not_read": self._archived} if self._archived else {})
            | ({"degraded": self._flaws} if self._flaws else {}),
        )

    def _copies(self, only: str) -> list[tuple[Copy, Storage]]:
        storages = {storage.name: storage for storage in self._parts.storages}
        found = [
            (copy, storages[copy.storage])
            for copy in self._backup.copies
            if copy.state in READABLE and copy.storage in storages and only in {"", copy.storage}
        ]
        if not found:
            out_of_reach = [
                copy.storage
                for copy in self._backup.copies
                if copy.state in READABLE and copy.storage not in storages and only in {"", copy.storage}
            ]
            raise _nothing_to_read(self._backup.backup_id, only, out_of_reach)
        return found

    def _take(self, copy: Copy, storage: Storage, finding: Finding) -> None:
        """Record what reading a copy showed."""
        now = self._context.clock.now()
        if finding.error is not None:
            self._errors.append(finding.error)
            words = f"{copy.storage}: it could not be read: {finding.problem}"
            (self._archived if finding.is_archived else self._flaws).append(words)
        elif finding.state is not None and not finding.is_right:
            self._problems.append(f"{copy.storage}: {finding.problem}")
            self._parts.catalog.set_copy_state(
                copy.backup_id, copy.storage, finding.state, at=now, detail=finding.problem
            )
            if finding.state is CopyState.CORRUPT:
                doubt = f"the copy in {copy.storage} is damaged: {finding.problem}"
                begin_hold(self._context, self._parts, copy.backup_id, doubt)
        elif finding.state is not None:
            self._verified_bytes += copy.size_bytes
            self._parts.catalog.set_copy_state(
                copy.backup_id, copy.storage, finding.state, at=now, verified_at=now if finding.is_known else None
            )
            self._flaws += self._remarks(copy, storage, finding)
            if finding.is_known:
                self._prove(copy)

    def _prove(self, copy: Copy) -> None:
        self._parts.catalog.holdings.add_proof(
            Proof(
                backup_id=copy.backup_id,
                level=ProofLevel.READ_BACK,
                storage=copy.storage,
                proven_at=self._context.clock.now(),
                run_id=self._context.run.run_id,
                detail=f"{copy.size_bytes} bytes read back, the checksum is right",
            )
        )

    def _remarks(self, copy: Copy, storage: Storage, finding: Finding) -> Iterator[str]:
        """Yield what is to be said of a copy that is whole."""
        if not finding.is_known:
            yield (
                f"{copy.storage}: it can be read to its end, but nobody knows what its checksum must be, and it is not "
                f"taken for verified; its SHA-256 is {finding.sha256}"
            )
            return
        beside = _flaws_beside_legacy if self._backup.origin is Origin.LEGACY else _flaws_beside
        for flaw in beside(self._backup, copy, storage):
            yield f"{copy.storage}: {flaw}"


def _witness(backup: Backup) -> str:
    return "the catalog" if backup.origin is Origin.LEGACY else "its manifest"


def _flaws_beside(backup: Backup, copy: Copy, storage: Storage) -> Iterator[str]:
    """Yield what is wrong with the checksum file and the manifest beside a whole archive."""
    for key, is_right in (
        (checksum_name(copy.key), lambda text: text == checksum_text(backup.sha256, backup.archive_name)),
        (manifest_name(copy.key), lambda text: Manifest.from_json_text(text).to_mapping() == backup.manifest),
    ):
        try:
            if not is_right(storage.read_text(key)):
                yield f"{key} does not say what it said when the backup was stored"
        except NotFoundError:
            yield f"{key} is not there any more"
        except (StorageError, MetadataError) as exc:
            yield f"{key} cannot be used: {exc.message}"


def _flaws_beside_legacy(backup: Backup, copy: Copy, storage: Storage) -> Iterator[str]:
    """Yield what is wrong with the checksum file of an adopted archive; to have none is no flaw, the import said so."""
    key = checksum_name(copy.key)
    try:
        stated = checksum_in(storage.read_text(key))
    except NotFoundError:
        return
    except StorageError as exc:
        yield f"{key} cannot be used: {exc.message}"
        return
    if stated != backup.sha256:
        yield f"{key} does not say what it said when the archive was adopted"


def _nothing_to_read(backup_id: str, only: str, out_of_reach: list[str]) -> NotFoundError:
    if not out_of_reach:
        where = f" in {only}" if only else ""
        return NotFoundError(
            f"backup {backup_id} has no copy{where} that could be read", hint=f"See octeth-backupctl show {backup_id}."
        )
    names, sections = " and ".join(out_of_reach), " and ".join(section_of(name) for name in out_of_reach)
    return NotFoundError(
        f"backup {backup_id} has copies only in {names}, which the configuration does not name any more",
        hint=f"Write {sections} into it again, as it was, then: systemctl reload octeth-backupd",
    )
