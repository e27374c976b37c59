"""The contract of storage backends.

A storage backend keeps files under keys ``<server>/<tier>/<name>``. A file appears under its key whole or not at all,
and never replaces another. Deleting what is not there is no error. ``StorageError`` with ``retryable=True`` means that
the same call may succeed later; a missing key is always ``NotFoundError``; a backend that is not there (a lost mount,
no network) never is, and what is no key (absolute, "..", hidden or empty parts) is a ``StorageError`` everywhere.

A producer that fails leaves no object: a source that cannot be read, changes, is cut, or is not what its digest says
leaves nothing under its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.upload import Upload
    from octeth_backupd.process.cancellation import Cancellation


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in a storage backend.

    Attributes:
        storage_class: As the storage calls it; empty where it has none, or did not say.
        retained_until: An object lock forbids to delete it until then; None without a lock. Known to ``stat`` only:
            a list does not say.
        is_held: A legal hold forbids to delete it, for nobody knows how long. Known to ``stat`` only.
        is_archived: It must be brought back from a slow class before it can be read.
    """

    key: str
    size_bytes: int
    modified_at: datetime
    storage_class: str = ""
    retained_until: datetime | None = None
    is_held: bool = False
    is_archived: bool = False


class UploadLedger(Protocol):
    """Remembers uploads in parts, one for each storage and key: they can be resumed or aborted after a crash."""

    def upload(self, storage: str, key: str) -> Upload | None:
        """Return the upload that was begun under a key, or None."""

    def uploads(self, storage: str) -> list[Upload]:
        """Return all that were begun in a storage and neither completed nor aborted."""

    def remember_upload(self, upload: Upload) -> None:
        """Remember an upload, instead of an earlier one under the same key; on the disk when this returns."""

    def forget_upload(self, storage: str, key: str) -> None:
        """Forget the upload under a key; no error when there is none."""


class Storage(Protocol):
    """One storage backend. The suite in ``tests/contracts/test_storages.py`` holds every one to this.

    Attributes:
        name: Its name in the catalog: ``local``, ``s3``, or that of a table ``[storages.NAME]``.
        is_remote: Its copies survive the loss of this host's disks.
    """

    name: str
    is_remote: bool

    def staging_path(self, key: str) -> Path | None:
        """Return where to write a file that will be ``put`` under ``key`` so that nothing need be copied.

        The path's directory exists afterwards. None when this backend has no such place.
        """

    def put(
        self,
        source: Path,
        key: str,
        *,
        sha256: str,
        cancellation: Cancellation,
        on_progress: Callable[[int], None] | None = None,
    ) -> StoredFile:
        """Keep a finished file under ``key``; ``source`` is gone or unused afterwards.

        Where the file goes in parts, a call that was cancelled or lost its connection leaves an unfinished upload that
        the next call with the same arguments goes on with.

        Args:
            source: A whole file; moved when it lies at ``staging_path(key)``, else copied.
            key: Where it shall be.
            sha256: Hex digest of the content, confirmed where the bytes are copied.
            cancellation: Looked at while copying.
            on_progress: Told how many bytes are kept so far, from any thread; never less than the time before.

        Raises:
            StorageError: It exists already, no permission, wrong digest, not a key.
            SpaceError: No space.
            BackupdError: The token's reason when it was cancelled; there is no file under the key.
        """

    def put_text(self, key: str, text: str) -> None:
        """Keep a small UTF-8 text under ``key``; as whole and as unwilling to replace as ``put``."""

    def replace_text(self, key: str, text: str) -> None:
        """Keep a small UTF-8 text under ``key``, in place of what was there; whole, the old one or the new one."""

    def read_text(self, key: str) -> str:
        """Return a small file.

        Raises:
            NotFoundError: There is none.
        """

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading from its start to its end; ``tell`` works.

        Every byte is that of one and the same file: when it is replaced or cut meanwhile, reading fails. What a remote
        backend gives may be closed by another thread: a read that waits for the network then fails at once.

        Raises:
            NotFoundError: There is none.
            StorageError: It cannot be read now; of an archived file the hint says how to bring it back.
        """

    def stat(self, key: str) -> StoredFile:
        """Return size and time of a file.

        Raises:
            NotFoundError: There is none.
        """

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """Yield finished files whose key begins with ``prefix``, in the order of their keys.

        Partial and hidden files are not listed.
        """

    def delete(self, key: str) -> None:
        """Remove a file and what an interrupted ``put`` under its key left; no error when there is nothing.

        Raises:
            RetainedError: An object lock forbids it; nothing was changed.
        """

    def unfinished(self, prefix: str = "") -> Iterator[Upload]:
        """Yield the uploads in parts that are open in the storage, under keys that begin with ``prefix``.

        Those that the ledger knows come as the ledger has them; others have an empty ``sha256``: they may belong to
        another installation and are never touched here. Partial files of a local directory are not uploads.
        """

    def discard_unfinished(self, key: str) -> None:
        """Remove what an interrupted ``put`` or ``put_text`` under this key left; a finished file stays.

        Of uploads in parts only the one that the ledger knows.
        """

    def check(self) -> None:
        """Prove that the backend can be written, leaving nothing.

        Raises:
            StorageError: It cannot; the hint says what to do.
        """

    def diagnose(self) -> tuple[CheckResult, ...]:
        """Try everything a backup, a restore and expiry will do, step by step, leaving nothing; never raises.

        Returns:
            One result for each step; those that could not be tried are unknown. The name of the storage is in each
            summary.
        """
