"""The contract of storage backends.

A storage backend keeps files under keys ``<server>/<tier>/<name>``. A file appears under its key whole or not at all,
and never replaces another. Deleting what is not there is no error. ``StorageError`` with ``retryable=True`` means that
the same call may succeed later; a missing key is always ``NotFoundError``; a backend that is not there (a lost mount,
no network) never is, and what is no key (absolute, "..", hidden or empty parts) is a ``StorageError`` everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

    from octeth_backupd.process.cancellation import Cancellation


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file in a storage backend."""

    key: str
    size_bytes: int
    modified_at: datetime


class Storage(Protocol):
    """One storage backend. The suite in ``tests/contracts/test_storages.py`` holds every one to this.

    Attributes:
        name: Its name in the catalog: ``local``, later ``s3``.
    """

    name: str

    def staging_path(self, key: str) -> Path | None:
        """Return where to write a file that will be ``put`` under ``key`` so that nothing need be copied.

        The path's directory exists afterwards. None when this backend has no such place.
        """

    def put(self, source: Path, key: str, *, sha256: str, cancellation: Cancellation) -> StoredFile:
        """Keep a finished file under ``key``; ``source`` is gone or unused afterwards.

        Args:
            source: A whole file; moved when it lies at ``staging_path(key)``, else copied.
            key: Where it shall be.
            sha256: Hex digest of the content, confirmed where the bytes are copied.
            cancellation: Looked at while copying.

        Raises:
            StorageError: It exists already, no permission, wrong digest, not a key.
            SpaceError: No space.
            BackupdError: The token's reason when it was cancelled; nothing is left of what was copied.
        """

    def put_text(self, key: str, text: str) -> None:
        """Keep a small UTF-8 text under ``key``; as whole and as unwilling to replace as ``put``."""

    def read_text(self, key: str) -> str:
        """Return a small file.

        Raises:
            NotFoundError: There is none.
        """

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Open a file for reading from its start to its end.

        Raises:
            NotFoundError: There is none.
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
        """Remove a file and what an interrupted ``put`` under its key left; no error when there is nothing."""

    def discard_unfinished(self, key: str) -> None:
        """Remove what an interrupted ``put`` or ``put_text`` under this key left; a finished file stays."""

    def check(self) -> None:
        """Prove that the backend can be written, leaving nothing.

        Raises:
            StorageError: It cannot; the hint says what to do.
        """
