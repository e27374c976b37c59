"""The ``[backup]`` section: how a backup is made and what it may use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ByteSize, Field

from octeth_backupd.domain.postconditions.size_bounds import SizeBounds
from octeth_backupd.domain.section import Section


def _blank_is_absent(value: Any) -> Any:
    """Take an empty text as "not given": TOML has no null."""
    return None if value == "" else value


class BackupSettings(Section):
    """How a backup is made, checked, and kept from filling a disk."""

    mode: Literal["prepared"] = Field(
        default="prepared",
        description="prepared: backup, prepare, archive; the archive is ready to be restored.",
    )
    engine: Literal["auto", "xtrabackup", "mariadb-backup"] = Field(
        default="auto",
        description="Program that makes the backup; auto takes the one that fits the server's vendor.",
    )
    runner: Literal["auto", "host", "sidecar"] = Field(
        default="auto",
        description="Where the engine runs: on the host, or in a sidecar container beside the server's. "
        "auto: sidecar for MariaDB in a container, else the host.",
    )
    workspace_directory: Annotated[Path | None, BeforeValidator(_blank_is_absent)] = Field(
        default=None,
        description="Scratch space of running backups; needs the size of the data. "
        "Empty: .workspace under the directory of [local].",
    )
    sidecar_image: str = Field(
        default="",
        description="Docker image that holds the engine, for servers whose own image does not. "
        "Empty: the server's own.",
    )
    verify: Literal["full", "hash", "none"] = Field(
        default="full",
        description="What is read back after archiving. full: read, decompress, compare checksum and listing; "
        "hash: compare the checksum; none: nothing.",
    )
    max_disk_usage_percent: int = Field(
        default=85,
        ge=1,
        le=100,
        description="A backup does not start, and a running one is cancelled, when the file system of workspace or "
        "backups is, or would become, fuller than this. The server's own is warned of.",
    )
    min_free: ByteSize = Field(
        default=ByteSize(1024**3),
        description="Likewise, when less than this is free there or on the server's own file system.",
    )
    space_margin: ByteSize = Field(
        default=ByteSize(5 * 1024**3),
        description="Space that a backup in mode prepared asks for beyond the size of the data and 20 percent.",
    )
    suspect_below_percent: int = Field(
        default=50,
        ge=0,
        le=100,
        description="A backup is suspect when data or archive have less than this part of what the server, or the last "
        "good backup, leads to expect. It is kept, and holds what is kept beside it. 0: never.",
    )
    suspect_above_percent: int = Field(
        default=200,
        ge=100,
        le=1_000_000,
        description="Likewise when they have more than this.",
    )
    suspect_slack: ByteSize = Field(
        default=ByteSize(16 * 1024**2),
        description="A smaller difference is never suspect: small databases double and halve in a day.",
    )
    timeout_seconds: int = Field(
        default=0,
        ge=0,
        le=1_209_600,  # poll(2) waits 24 days at most
        description="A backup or prepare that runs longer is cancelled. 0: no limit.",
    )
    lock_ddl_timeout_seconds: int = Field(
        default=300,
        ge=1,
        le=31_536_000,
        description="How long the engine waits for the server's backup lock before it gives up.",
    )
    parallel: Annotated[int, Field(ge=1, le=64)] | Literal["auto"] = Field(
        default="auto",
        description="Files copied at the same time; auto is the number of cores.",
    )

    @property
    def size_bounds(self) -> SizeBounds:
        """Return how far sizes may be from what is expected."""
        return SizeBounds(
            lowest_percent=self.suspect_below_percent,
            highest_percent=self.suspect_above_percent,
            slack_bytes=int(self.suspect_slack),
        )
