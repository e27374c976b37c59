"""Settings of the control socket."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from octeth_backupd.domain.section import Section


class ControlSettings(Section):
    """The Unix socket that octeth-backupctl talks to."""

    socket: Path = Field(
        default=Path("/run/octeth-backupd/control.sock"),
        description="Path of the Unix socket; at most 107 bytes. Its directory is created with mode 0750 when absent.",
    )
    group: str = Field(
        default="octeth-backup",
        min_length=1,
        description="Members of this group may read (status, lists, progress). It need not exist: then only root may.",
    )
    admin_group: str | None = Field(
        default=None,
        min_length=1,
        description=(
            "Members of this group may also change things (start, cancel, pause); like root for the backups. "
            "They must be members of `group` as well to reach the socket. Absent: only root may."
        ),
    )
