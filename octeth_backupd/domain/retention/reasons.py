"""Why a copy is kept or expires: a stable code, and words for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ReasonCode(StrEnum):
    """The reasons, as clients see them; ``EXPIRES_…`` are those of a copy that goes."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    STAND_IN = "stand_in"
    """Doubted or damaged, but the only backup of its period."""
    MANUAL = "manual"
    NEWEST = "newest"
    PROVEN = "proven"
    PINNED = "pinned"
    PARENT = "parent"
    HOLD = "hold"
    SUSPECT = "suspect"
    ONLY_COPY = "only_copy"
    UPLOAD = "upload"
    RETAINED = "retained"
    FOREIGN = "foreign"
    FUTURE = "future"
    UNCONFIGURED = "unconfigured"
    EXPIRES_UNNEEDED = "unneeded"
    EXPIRES_DAMAGED = "damaged"
    EXPIRES_BEGUN = "begun"
    """Its deletion has begun, and is finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason.

    Attributes:
        words: Half a sentence: "stands for the week from 2026-11-22".
    """

    code: ReasonCode
    words: str
