"""A server's systemd unit beside the server that answers: two things that a wrong name in the configuration parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitStanding:
    """What systemd says of the configured unit, and where the server that answers runs.

    Attributes:
        name: Of the unit itself; what is configured may be an alias.
        is_known: systemd could be asked.
        exists: systemd has the unit.
        is_running: It runs, starts or stops.
        answering: Unit of the process that answers; empty where nobody can tell, or none answers.
    """

    name: str
    is_known: bool = True
    exists: bool = True
    is_running: bool = True
    answering: str = ""

    @property
    def other(self) -> str:
        """Return the unit of the server that answers where it is another one; else empty."""
        return self.answering if self.answering != self.name else ""
