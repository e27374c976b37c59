"""The ``[daemon]`` section: where the daemon keeps what it knows and how it logs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from octeth_backupd.domain.section import Section


class DaemonSettings(Section):
    """The process itself. Directories take effect at the next start, not at a reload."""

    state_directory: Path = Field(
        default=Path("/var/lib/octeth-backupd"),
        description="Catalog, job store, installation id and lock. Default under systemd: the unit's StateDirectory.",
    )
    runtime_directory: Path = Field(
        default=Path("/run/octeth-backupd"),
        description="Short-lived option files with passwords. Default under systemd: the unit's RuntimeDirectory.",
    )
    max_parallel_runs: int = Field(
        default=1,
        ge=1,
        le=64,
        description="Operations that run at the same time over all servers; one server never has more than one.",
    )
    log_format: Literal["auto", "json", "pretty"] = Field(
        default="auto",
        description="auto: pretty on a terminal, else JSON.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Least severity that is logged; debug includes the output of programs.",
    )
