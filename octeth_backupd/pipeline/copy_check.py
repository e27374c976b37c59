"""Reading one copy of a backup back: is it there, can it be read, and is it what was stored?"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.compression.registry import compressor_for_suffix
from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.restore.archives import ENCRYPTED_SUFFIXES
from octeth_backupd.errors import BackupdError, NotFoundError, StorageError, VerificationError
from octeth_backupd.pipeline.programs import Programs
from octeth_backupd.pipeline.readback import hash_archive, listing_digest, read_back, read_through
from octeth_backupd.pipeline.restore.known_backup import manifest_of
from octeth_backupd.pipeline.watch import Watch

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.readback import ReadBack
    from octeth_backupd.storage.base import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What reading a copy back showed.

    Attributes:
        state: What the copy is from now on; None: it could not be read, which says nothing about it.
        problem: What is wrong, or why it could not be read; empty: it is what was stored.
        error: Why it could not be read.
        is_archived: It must be brought back from a slow class before it can be read.
        sha256: What was read; empty where it was not read to its end.
        is_known: Somebody knew what its checksum must be.
    """

    state: CopyState | None
    problem: str = ""
    error: StorageError | None = None
    is_archived: bool = False
    sha256: str = ""
    is_known: bool = True

    @property
    def is_right(self) -> bool:
        """Return whether nothing is wrong with it, as far as anybody could know."""
        return not self.problem


def check_copy(context: RunContext, parts: Parts, backup: Backup, copy: Copy, storage: Storage) -> Finding:
    """Read a copy from its start to its end, and compare it with what is known of the backup.

    Of a backup without a manifest only the checksum is compared. Where even that is unknown, the archive is
    decompressed to its end, which shows damage, but not that it is what was stored.

    Raises:
        BackupdError: The token's reason.
    """
    is_archived = False
    try:
        stored = storage.stat(copy.key)
        is_archived = stored.is_archived
        if stored.size_bytes != copy.size_bytes:
            problem = f"it has {stored.size_bytes} bytes, not {copy.size_bytes}"
            return Finding(state=CopyState.CORRUPT, problem=problem)
        return _read(context, parts, backup, copy, storage)
    except NotFoundError:
        return Finding(state=CopyState.MISSING, problem="the archive is not there any more")
    except VerificationError as exc:
        return Finding(state=CopyState.CORRUPT, problem=exc.message)
    except StorageError as exc:
        context.cancellation.raise_if_cancelled()
        # A disk that cannot read a file has lost it; a network that does not answer, or refuses, has not.
        if exc.retryable or storage.is_remote:
            return Finding(state=None, problem=exc.message, error=exc, is_archived=is_archived)
        return Finding(state=CopyState.CORRUPT, problem=exc.message)


def _read(context: RunContext, parts: Parts, backup: Backup, copy: Copy, storage: Storage) -> Finding:
    manifest = manifest_of(backup)
    with ExitStack() as stack:
        source = stack.enter_context(storage.open(copy.key))
        if storage.is_remote:  # a network that does not answer is waited for, but not by a run that is cancelled
            stack.enter_context(context.cancellation.on_cancel(source.close))
        position = _Position(source)
        with Watch(context, step=f"verify {copy.storage}", measure=position.bytes, total_bytes=copy.size_bytes):
            found = _read_as_far_as_known(context, parts, backup, source, is_listed=manifest is not None)
    if backup.sha256 and found.sha256 != backup.sha256:
        return Finding(state=CopyState.CORRUPT, problem=f"its SHA-256 is {found.sha256}, not {backup.sha256}")
    if found.size_bytes != copy.size_bytes:
        return Finding(state=CopyState.CORRUPT, problem=f"it has {found.size_bytes} bytes, not {copy.size_bytes}")
    if manifest is not None and _listing(found, manifest) != manifest.archive.listing_sha256:
        return Finding(state=CopyState.CORRUPT, problem="its listing is not the manifest's")
    return Finding(state=copy.state.when_right, sha256=found.sha256, is_known=backup.sha256 != "")


def _read_as_far_as_known(
    context: RunContext, parts: Parts, backup: Backup, source: BinaryIO, *, is_listed: bool
) -> ReadBack:
    if not is_listed and (backup.sha256 or backup.archive_name.endswith(ENCRYPTED_SUFFIXES)):
        return hash_archive(source, cancellation=context.cancellation)
    programs = Programs(parts, installation_id=context.installation_id, run_id=context.run.run_id)
    compressor = compressor_for_suffix(backup.archive_name, programs.host)
    read = read_back if is_listed else read_through
    return read(source, compressor, cancellation=context.cancellation)


def _listing(found: ReadBack, manifest: Manifest) -> str:
    top = manifest.archive.top_directory
    return listing_digest({path.removeprefix(f"{top}/"): size for path, size in (found.files or {}).items()})


class _Position:
    """How far a file has been read, without disturbing whoever reads it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._last_bytes = 0

    def bytes(self) -> int:
        try:
            self._last_bytes = self._source.tell()
        except (ValueError, OSError, BackupdError):
            return self._last_bytes
        return self._last_bytes
