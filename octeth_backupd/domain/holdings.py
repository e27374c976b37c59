"""What is said of backups after they were made: pins, holds, accepts and proofs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class ProofLevel(StrEnum):
    """How far it was proven that a backup can be restored; each level includes those before it."""

    STORED = "L0a"
    """The storage backend confirmed the digests of what it was sent."""
    READ_BACK = "L0b"
    """The bytes were read back and are those that were written."""
    CONSISTENT = "L1"
    """Its LSNs fit together."""
    PREPARED = "L2"
    """The redo log was applied without an error."""
    STARTED = "L3"
    """A server was started on it and its tables were checked."""
    ASSERTED = "L4"
    """What a restored server answered is what it should."""

    @property
    def rank(self) -> int:
        """Return its place in the order of levels, the lowest is 0."""
        return list(ProofLevel).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A backup that is kept until an operator unpins it."""

    backup_id: str
    note: str
    pinned_by: str
    pinned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A doubt about content, as long as which nothing expires that stood for a period when it began.

    Attributes:
        hold_id: Unique in the catalog, in the order in which holds began.
        reason: What is doubted, in words.
        backup_id: Which backup is doubted; empty when it is not about one.
        protected: Ids of the backups that the policy kept when it began, and of those that were proven.
        ended_at: When an operator ended it; None while it is open.
        detail: How it ended, in words.
    """

    hold_id: int
    server: str
    reason: str
    backup_id: str
    protected: tuple[str, ...]
    begun_at: datetime
    ended_at: datetime | None = None
    ended_by: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    """An operator's word that a suspect backup is good.

    Attributes:
        doubt: Why it was suspect.
    """

    backup_id: str
    doubt: str
    note: str
    accepted_by: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Something that was shown of a backup.

    Attributes:
        storage: Which copy it was shown on; empty where it was the content before it was stored.
        run_id: The run that showed it.
        detail: What was done, in words.
    """

    backup_id: str
    level: ProofLevel
    storage: str
    proven_at: datetime
    run_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptedInstallation:
    """A lost installation whose backups were taken over."""

    installation_id: str
    adopted_by: str
    adopted_at: datetime
