"""An upload in parts that was begun and is not complete yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


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
