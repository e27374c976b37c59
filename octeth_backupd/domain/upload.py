"""Uploads: what was begun in parts and is not complete yet, which copies wait, and when a local one is not needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.summary import READABLE_STATES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from octeth_backupd.domain.backup import Copy

WAITING_STATES = frozenset({CopyState.PENDING, CopyState.UPLOADING})
"""States of a copy that is on its way."""
LOCAL_STORAGE = "local"
"""Name of the storage backend that every backup is stored in first, and uploaded from."""


def section_of(storage: str) -> str:
    """Return the table of the configuration that describes a storage backend in a bucket: ``[s3]``."""
    return "[s3]" if storage == "s3" else f"[storages.{storage}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What must be known of an upload to go on with it, after a crash too.

    Attributes:
        storage: Name of the storage backend.
        key: Where the file will be.
        upload_id: The storage's own name for it.
        size_bytes: Of the whole file.
        part_bytes: Of every part but the last.
        sha256: Hex digest of the whole file. Empty, with both sizes 0, for an upload that was found in the storage and
            that this installation knows nothing of.
    """

    storage: str
    key: str
    upload_id: str
    size_bytes: int
    part_bytes: int
    sha256: str
    begun_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingCopy:
    """A copy that is not where it belongs yet, with what must be known of its backup.

    Attributes:
        run_id: The run that made the backup, and uploads it first.
    """

    copy: Copy
    server: str
    run_id: str
    taken_at: datetime
    finished_at: datetime

    @property
    def name(self) -> tuple[str, str]:
        """Return which copy it is: of which backup, in which storage backend."""
        return (self.copy.backup_id, self.copy.storage)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOrder:
    """What an upload run does.

    Attributes:
        copies: The copies to bring, by ``WaitingCopy.name``; what comes to wait later is for another run.
        storages: Names of the storage backends that may be asked anything now.
    """

    copies: frozenset[tuple[str, str]] = frozenset()
    storages: frozenset[str] = frozenset()


def local_is_spare(copies: Iterable[Copy]) -> bool:
    """Return whether a backup would lose nothing with its local copy: all others are where they belong.

    A copy that is missing or damaged elsewhere keeps the local one, and so does one that waits.
    """
    states = {copy.storage: copy.state for copy in copies}
    if states.pop(LOCAL_STORAGE, None) is not CopyState.PRESENT:
        return False
    found = set(states.values())
    return bool(found & READABLE_STATES) and found <= READABLE_STATES | {CopyState.DELETED}
