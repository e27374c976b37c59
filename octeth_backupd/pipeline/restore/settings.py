"""The ``[restore]`` section: how long a restore may wait, and how long the old data is kept."""

from __future__ import annotations

from pydantic import Field

from octeth_backupd.domain.section import Section


class RestoreSettings(Section):
    """How a restore stops and starts the server, tries the data first, and keeps what it replaced."""

    stop_timeout_seconds: int = Field(
        default=120,
        ge=1,
        le=86_400,
        description="How long the server may take to stop; it is never killed: the restore is given up instead.",
    )
    start_timeout_seconds: int = Field(
        default=600,
        ge=1,
        le=86_400,
        description="How long the server may take to start on the restored data before the old data is put back.",
    )
    rehearsal_timeout_seconds: int = Field(
        default=900,
        ge=1,
        le=86_400,
        description="How long the rehearsal may take: starting a server on the staged data and reading its tables.",
    )
    check_table_seconds: int = Field(
        default=3600,
        ge=1,
        le=604_800,
        description="How long verify --deep may spend in CHECK TABLE; tables not reached are named.",
    )
    flush_seconds: int = Field(
        default=30,
        ge=0,
        le=3600,
        description="How long dirty pages are flushed before the server is stopped, so that it stops quickly. 0: not.",
    )
    safety_copy_hours: int = Field(
        default=72,
        ge=1,
        le=8760,
        description="How long the data that a restore replaced is kept, for octeth-backupctl undo.",
    )
    max_safety_copies: int = Field(
        default=2,
        ge=1,
        le=20,
        description="How many safety copies of one server are kept; the oldest goes first. What a restore that was "
        "taken back has just left is kept beside them.",
    )

    @property
    def longest_absence_seconds(self) -> int:
        """Return for how long a restore lets the server be away at most before it goes back."""
        return self.stop_timeout_seconds + self.start_timeout_seconds
