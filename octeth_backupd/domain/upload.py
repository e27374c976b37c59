"""A multipart upload that was begun: what must be remembered to go on with it, or to take it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A multipart upload as it was planned before its first part was sent.

    Attributes:
        storage: Name of the storage backend.
        key: Where the file will be.
        upload_id: The storage's own name for it.
        size_bytes: Of the whole file.
        part_bytes: Of every part but the last.
        sha256: Hex digest of the whole file.
    """

    storage: str
    key: str
    upload_id: str
    size_bytes: int
    part_bytes: int
    sha256: str
    begun_at: datetime
