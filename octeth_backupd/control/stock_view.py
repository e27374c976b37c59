"""What is stored of a server's backups, as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from octeth_backupd.domain.backup import CopyState, Tier


class StoredCopiesView(BaseModel):
    """Copies in one storage backend, of one tier and state; see domain.figures.StoredCopies."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    storage: str
    tier: Tier
    state: CopyState
    copies: int
    size_bytes: int
