"""Fetching: an archive is read from the copy that was planned, or from the next one when that turns out to be bad.

The archive is read once, from its storage straight through checksum and decompression into the directory; no copy of it
is made. What a bad copy has left in the directory is removed before the next one is read.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.compression.registry import compressor_for_suffix
from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.restore.order import RestoreOrder
from octeth_backupd.errors import BackupdError, StorageError, VerificationError
from octeth_backupd.pipeline.hashing import HashingReader
from octeth_backupd.pipeline.restore.archive_choice import choose_archive
from octeth_backupd.pipeline.restore.copy_choice import DOUBTFUL_STATES
from octeth_backupd.pipeline.restore.staging_guard import SPACE_HINT
from octeth_backupd.pipeline.restore.unpack import unpack
from octeth_backupd.pipeline.retention.doubts import begin_hold
from octeth_backupd.pipeline.watch import Watch
from octeth_backupd.process.files import remove_tree, translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from octeth_backupd.domain.restore.plan import ArchiveSource
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.pipeline.programs import Programs

OTHER_BACKUP = "Restore another backup, or another copy of this one."
_DAMAGED = (
    f"{OTHER_BACKUP} octeth-backupctl verify reads this one again; a backup without a good copy is not latest any more."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An archive that lies unpacked in its directory.

    Attributes:
        sha256: Digest of the archive as it was read.
        is_confirmed: Somebody knew the digest, and it is that one.
    """

    archive: ArchiveSource
    sha256: str
    is_confirmed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Failure:
    """A copy that was tried in vain.

    Attributes:
        is_damaged: Its bytes were read, and are not those that were stored.
        sha256: Where all of it lies unpacked and only the checksum is wrong: what it is; else empty.
    """

    archive: ArchiveSource
    error: BackupdError
    is_damaged: bool = False
    sha256: str = ""


class Fetch:
    """Brings one backup into a directory.

    Args:
        context: The run; it is told of every copy that is passed over.
        parts: Storage backends, and the catalog, which learns which copies are damaged.
        archive: The copy that was planned.
        backup_id: Whose other copies may be read; empty for a file outside the catalog.
        only: Name of the one storage backend that may be read; empty: all may.
        force: Take an archive whose checksum is unknown, or wrong where no other copy is better; the run warns of it.

    Attributes:
        archive: The copy that is being read, or was read last.
        is_whole: Its bytes are those that were stored: what comes to light from then on is no fault of the copy.
        notes: What was passed over, for the run's record.
    """

    def __init__(
        self,
        context: RunContext,
        parts: Parts,
        archive: ArchiveSource,
        *,
        backup_id: str = "",
        only: str = "",
        force: bool = False,
    ) -> None:
        self._context = context
        self._parts = parts
        self._backup_id = backup_id
        self._only = only
        self._force = force
        self._failures: list[_Failure] = []
        self._objections: tuple[str, ...] = ()
        self.archive = archive
        self.is_whole = False
        self.notes: tuple[str, ...] = ()

    def unpack(self, directory: Path, programs: Programs, *, guard: Callable[[], str | None]) -> Fetched:
        """Unpack the archive and compare its checksum; what a failure has left in the directory is the caller's.

        Args:
            directory: Exists and is empty.
            programs: Of the run: what decompresses is among them.
            guard: Says why the run must end now, or None; asked every second.

        Raises:
            VerificationError: No copy is whole, or nobody knows what the checksum must be.
            StorageError: No copy can be read.
            SpaceError: The disk is full, or the guard objected.
            BackupdError: Everything else that ended it, the reason of a cancellation among it.
        """
        if not self.archive.sha256 and not self._force:
            raise VerificationError(
                f"nobody knows the checksum of {self.archive.name}",
                hint="Put the .sha256 file beside it, or take it as it is with --force.",
            )
        found = self._read(directory, programs, guard)
        while isinstance(found, _Failure):
            self._note(found)
            following = self._next()
            if following is None:
                return self._as_it_is(directory, programs, guard)
            self._pass_over(found, following, directory)
            found = self._read(directory, programs, guard)
        return found

    def _read(self, directory: Path, programs: Programs, guard: Callable[[], str | None]) -> Fetched | _Failure:
        archive = self.archive
        with ExitStack() as stack:
            try:
                source = stack.enter_context(open_archive(archive, self._parts))
            except BackupdError as exc:
                return _Failure(archive=archive, error=exc)
            if archive.is_remote:  # a network that does not answer is waited for, but not by a run that is cancelled
                stack.enter_context(self._context.cancellation.on_cancel(source.close))
            reader = HashingReader(source, cancellation=self._context.cancellation)
            watch = Watch(
                self._context,
                step="unpack",
                measure=lambda: reader.read_bytes,
                total_bytes=archive.size_bytes,
                guard=guard,
                space_hint=SPACE_HINT,
            )
            stack.enter_context(watch)
            return self._unpack(reader, directory, programs)

    def _unpack(self, reader: HashingReader, directory: Path, programs: Programs) -> Fetched | _Failure:
        archive = self.archive
        try:
            unpacked = unpack(
                reader,
                archive_format=archive.archive_format,
                compressor=compressor_for_suffix(archive.name, programs.host),
                directory=directory,
            )
        except BackupdError as exc:
            # First: to a program that decompresses, a source that ended so looks like one that was cut.
            self._context.cancellation.raise_if_cancelled()
            if reader.failure is not None:
                return _Failure(archive=archive, error=reader.failure)
            if not isinstance(exc, VerificationError):
                raise
            error = VerificationError(f"{archive.name} cannot be unpacked: {exc.message}", hint=_DAMAGED)
            found = self._digest(reader)
            if found == archive.sha256 != "":
                self.is_whole = True  # so are the other copies: none of them can be unpacked
                raise error from exc
            return _Failure(archive=archive, error=error, is_damaged=found != "")
        return self._compare(unpacked.sha256)

    def _digest(self, reader: HashingReader) -> str:
        """Return the digest of an archive that cannot be unpacked; empty where it says nothing, or cannot be had."""
        if not self.archive.sha256 or not self._backup_id:
            return ""
        try:
            reader.drain()
        except BackupdError:
            self._context.cancellation.raise_if_cancelled()
            return ""
        return reader.hexdigest()

    def _compare(self, sha256: str) -> Fetched | _Failure:
        archive = self.archive
        if archive.sha256 and archive.sha256 != sha256:
            problem = f"the SHA-256 of {archive.name} is {sha256}, its {archive.sha256_from} says {archive.sha256}"
            hint = f"{OTHER_BACKUP} With --force this one is taken as it is."
            error = VerificationError(problem, hint=hint)
            return _Failure(archive=archive, error=error, is_damaged=True, sha256=sha256)
        if not archive.sha256:
            self._context.warn(f"{archive.name} is taken although nobody knows its checksum; it is {sha256}")
        else:
            self._clear()
        self.is_whole = True
        return Fetched(archive=archive, sha256=sha256, is_confirmed=archive.sha256 != "")

    def _clear(self) -> None:
        """A copy that was doubted and is whole may be read from now on."""
        if not self._backup_id:
            return
        [copy] = [
            copy for copy in self._parts.catalog.backup(self._backup_id).copies if copy.storage == self.archive.storage
        ]
        if copy.state in DOUBTFUL_STATES:
            now = self._context.clock.now()
            self._parts.catalog.set_copy_state(copy.backup_id, copy.storage, CopyState.PRESENT, at=now, verified_at=now)

    def _note(self, failure: _Failure) -> None:
        """Keep what went wrong; a damaged copy is known as such from now on, one that was out of reach is not."""
        self._failures.append(failure)
        if failure.is_damaged and self._backup_id:
            self._parts.catalog.set_copy_state(
                self._backup_id,
                failure.archive.storage,
                CopyState.CORRUPT,
                at=self._context.clock.now(),
                detail=failure.error.message,
            )
            doubt = f"the copy in {failure.archive.storage} is damaged: {failure.error.message}"
            begin_hold(self._context, self._parts, self._backup_id, doubt)

    def _next(self) -> ArchiveSource | None:
        """Return the next best copy, or None when all that there are were tried, or cannot be read."""
        if not self._backup_id or self._only:
            return None
        tried = {failure.archive.storage for failure in self._failures}
        order = RestoreOrder(backup_id=self._backup_id)
        following, refusals = choose_archive(order, self._parts, passed_over=tried)
        if following is None and len(self._parts.catalog.backup(self._backup_id).copies) > len(tried):
            self._objections = tuple(refusal.message for refusal in refusals)
        return following

    def _pass_over(self, failure: _Failure, following: ArchiveSource, directory: Path) -> None:
        note = f"the copy in {failure.archive.storage} was passed over: {failure.error.message}"
        self._context.warn(f"{note}; the one in {following.storage} is read instead")
        self.notes += (note,)
        self._turn_to(following, directory)

    def _turn_to(self, archive: ArchiveSource, directory: Path) -> None:
        with translated_os_errors(directory):
            for path in list(directory.iterdir()):
                if path.is_dir() and not path.is_symlink():
                    remove_tree(path, beneath=directory)
                else:
                    path.unlink()
        self.archive = archive

    def _as_it_is(self, directory: Path, programs: Programs, guard: Callable[[], str | None]) -> Fetched:
        """Take the copy whose only fault is its checksum, where that was ordered; else say what is wrong with all."""
        wrong = next((failure for failure in self._failures if failure.sha256), None)
        if not self._force or wrong is None:
            raise self._error()
        if wrong is not self._failures[-1]:
            self._turn_to(wrong.archive, directory)
            found = self._read(directory, programs, guard)
            if isinstance(found, Fetched):
                return found
            if not found.sha256:
                raise found.error
            wrong = found
        self._context.warn(f"restored all the same, as ordered: {wrong.error.message}")
        self.is_whole = True
        return Fetched(archive=wrong.archive, sha256=wrong.sha256, is_confirmed=False)

    def _error(self) -> BackupdError:
        first, *others = self._failures
        if not others and not self._objections:
            return first.error
        problems = [f"{failure.archive.storage}: {failure.error.message}" for failure in self._failures]
        message = f"no copy of {self._backup_id} could be read: {'; '.join((*problems, *self._objections))}"
        hint = "\n".join(dict.fromkeys(failure.error.hint for failure in self._failures if failure.error.hint))
        if any(failure.is_damaged for failure in self._failures):
            return VerificationError(message, hint=hint)
        return StorageError(message, hint=hint, retryable=any(failure.error.retryable for failure in self._failures))


@contextmanager
def open_archive(archive: ArchiveSource, parts: Parts) -> Iterator[BinaryIO]:
    """Open an archive wherever it lies, for reading once from its start to its end.

    Raises:
        NotFoundError: It is not in its storage any more.
        StorageError: It cannot be read; the storage's own hint says what to do.
    """
    if archive.path is not None:
        with translated_os_errors(archive.path), archive.path.open("rb", buffering=0) as file:
            yield file
        return
    storage = next((storage for storage in parts.storages if storage.name == archive.storage), None)
    if storage is None:
        raise StorageError(f"the configuration names no storage {archive.storage!r} any more")
    with storage.open(archive.key) as source:
        yield source
