"""The operation "verify": each copy of a backup is read back and compared with its manifest.

An archive of the bash tool has none: it is read to its end, and its checksum compared with the one in the catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.compression.registry import compressor_for_suffix
from octeth_backupd.domain.backup import CopyState, Origin, RunStatus
from octeth_backupd.domain.legacy.adoption import checksum_in
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_name, checksum_text, manifest_name
from octeth_backupd.domain.restore.archives import archive_format_of
from octeth_backupd.domain.restore.order import VerifyOrder
from octeth_backupd.domain.restore.plan import ArchiveFormat
from octeth_backupd.errors import BackupdError, MetadataError, NotFoundError, StorageError, VerificationError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.readback import listing_digest, read_back, read_through
from octeth_backupd.pipeline.restore.deep_verify import verify_deeply
from octeth_backupd.pipeline.result import RunResult
from octeth_backupd.pipeline.step_runner import StepRunner
from octeth_backupd.pipeline.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage

READABLE = {CopyState.PRESENT, CopyState.RETAINED, CopyState.CORRUPT, CopyState.MISSING}


def verify_backup(context: RunContext, parts: Parts) -> RunResult:
    """Read every copy of a backup, compare it with the manifest and record what was found.

    A copy that was missing or corrupt before is looked at again: it may have been brought back.

    Returns:
        Degraded when the archives are whole, and a checksum file or a manifest beside one is not: this catalog knows
        what they said, but without it nobody would take the archive for a backup.

    Raises:
        VerificationError: A copy is missing, damaged or not what the manifest says; the catalog says so from now on.
        NotFoundError: The backup is gone.
    """
    if isinstance(context.order, VerifyOrder) and context.order.deep:
        return verify_deeply(context, parts)
    backup = parts.catalog.backup(context.run.backup_id or "")
    storages = {storage.name: storage for storage in parts.storages}
    copies = [copy for copy in backup.copies if copy.state in READABLE and copy.storage in storages]
    if not copies:
        raise NotFoundError(
            f"backup {backup.backup_id} has no copy that could be read",
            hint=f"See octeth-backupctl show {backup.backup_id}.",
        )
    steps = StepRunner(context)
    problems, flaws = [], []
    for copy in copies:
        storage = storages[copy.storage]
        with steps.step(f"verify {copy.storage}"):
            problem = _verify_copy(context, parts, backup, copy, storage)
            if not problem:
                flaws += [f"{copy.storage}: {flaw}" for flaw in _flaws_beside(backup, copy, storage)]
        if problem:
            problems.append(f"{copy.storage}: {problem}")
    for flaw in flaws:
        context.warn(flaw)
    if problems:
        raise VerificationError(
            f"backup {backup.backup_id} is not what {_witness(backup)} says: " + "; ".join(problems),
            hint="Do not rely on this copy. Take a new backup now: octeth-backupctl backup.",
        )
    return RunResult(
        status=RunStatus.DEGRADED if flaws else RunStatus.SUCCESS,
        backup_id=backup.backup_id,
        detail={"verified_bytes": sum(copy.size_bytes for copy in copies)} | ({"degraded": flaws} if flaws else {}),
    )


def _witness(backup: Backup) -> str:
    return "the catalog" if backup.origin is Origin.LEGACY else "its manifest"


def _verify_copy(context: RunContext, parts: Parts, backup: Backup, copy: Copy, storage: Storage) -> str:
    """Return what is wrong with a copy, after recording it; empty when nothing is."""
    try:
        problem, state = _read_and_compare(context, parts, backup, copy, storage), CopyState.CORRUPT
    except NotFoundError:
        problem, state = "the archive is not there any more", CopyState.MISSING
    except VerificationError as exc:
        problem, state = exc.message, CopyState.CORRUPT
    except StorageError as exc:
        if exc.retryable:
            raise
        problem, state = exc.message, CopyState.CORRUPT
    now = context.clock.now()
    if problem:
        parts.catalog.set_copy_state(copy.backup_id, copy.storage, state, at=now, detail=problem)
    else:
        parts.catalog.set_copy_state(copy.backup_id, copy.storage, CopyState.PRESENT, at=now, verified_at=now)
    return problem


def _read_and_compare(context: RunContext, parts: Parts, backup: Backup, copy: Copy, storage: Storage) -> str:
    is_legacy = backup.origin is Origin.LEGACY
    manifest = None if is_legacy else Manifest.from_mapping(backup.manifest)
    programs = Programs(parts, installation_id=context.installation_id, run_id=context.run.run_id)
    compressor = compressor_for_suffix(backup.archive_name, programs.host)
    read = read_back if archive_format_of(backup.archive_name)[0] is ArchiveFormat.TAR else read_through
    with storage.open(copy.key) as source:
        position = _Position()
        with Watch(
            context, step=f"verify {copy.storage}", measure=lambda: position.at(source), total_bytes=copy.size_bytes
        ):
            found = read(source, compressor, cancellation=context.cancellation)
    if found.sha256 != backup.sha256 and (backup.sha256 or not is_legacy):
        return f"its SHA-256 is {found.sha256}, not {backup.sha256}"
    if found.size_bytes != backup.archive_bytes:
        return f"it has {found.size_bytes} bytes, not {backup.archive_bytes}"
    if manifest is None:
        return ""
    top = manifest.archive.top_directory
    listing = listing_digest({path.removeprefix(f"{top}/"): size for path, size in (found.files or {}).items()})
    return "" if listing == manifest.archive.listing_sha256 else "its listing is not the manifest's"


def _flaws_beside(backup: Backup, copy: Copy, storage: Storage) -> Iterator[str]:
    """Yield what is wrong with the checksum file and the manifest beside a whole archive."""
    if backup.origin is Origin.LEGACY:
        yield from _flaws_beside_legacy(backup, copy, storage)
        return
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
    if not backup.sha256:
        yield f"{copy.key} has no checksum: it was read to its end, and that is all that can be said"
        return
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


class _Position:
    """How far a file has been read, without disturbing whoever reads it."""

    def __init__(self) -> None:
        self._last = 0

    def at(self, source: object) -> int:
        try:
            self._last = int(source.tell())  # type: ignore[attr-defined]
        except (ValueError, OSError, BackupdError):
            return self._last
        return self._last
