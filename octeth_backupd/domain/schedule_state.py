"""What the daemon remembers of a schedule between two starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleState:
    """A schedule of a server as the catalog keeps it.

    Attributes:
        definition: Canonical text or hash of the definition that was last in force.
        known_since: When the schedule was first seen with this definition; slots before it do not exist.
        paused_by: The peer who paused it ("uid 0 (root)"); empty while it is not paused.
    """

    server: str
    schedule: str
    definition: str
    known_since: datetime
    paused: bool = False
    paused_by: str = ""
    paused_at: datetime | None = None
