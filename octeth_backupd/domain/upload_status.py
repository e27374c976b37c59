"""How uploads stand, as ``status`` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningUpload:
    """A copy that is being uploaded now.

    Attributes:
        run_id: The run that uploads it; empty when it is over by now.
    """

    backup_id: str
    run_id: str
    done_bytes: int
    total_bytes: int
    rate_bytes_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageUploads:
    """How the uploads to one remote storage backend stand.

    Attributes:
        configured: Otherwise copies wait for a storage backend that is not in the configuration any more.
        pending_copies: Copies that are not there yet, those that are being uploaded among them.
        pending_since: When the oldest backup of them was made; None when none waits.
        last_error: Why the last one that was tried did not arrive; empty when all that wait are yet to be tried.
        next_try_at: When one of them is tried next; None when none is to be.
    """

    storage: str
    configured: bool
    pending_copies: int = 0
    pending_bytes: int = 0
    pending_since: datetime | None = None
    last_error: str = ""
    last_error_at: datetime | None = None
    next_try_at: datetime | None = None
    uploading: tuple[RunningUpload, ...] = ()
