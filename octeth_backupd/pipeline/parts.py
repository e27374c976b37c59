"""What runs are made of, built from one configuration; a reload makes new ones, running runs keep theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Mode
from octeth_backupd.pipeline.hooks.settings import HooksSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.compression.base import CompressionSettings
    from octeth_backupd.domain.cron import CronRule
    from octeth_backupd.domain.retention.policy import RetentionPolicy
    from octeth_backupd.engines.settings import EnginesSettings
    from octeth_backupd.pipeline.restore.journals import Journals
    from octeth_backupd.pipeline.restore.settings import RestoreSettings
    from octeth_backupd.pipeline.settings import BackupSettings
    from octeth_backupd.process.docker import Docker
    from octeth_backupd.servers.server import Server
    from octeth_backupd.storage.base import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One configuration's object graph, as far as runs need it.

    Attributes:
        workspace_directory: Where runs make their workspaces.
        backup_directory: Root of the local storage backend.
        runtime_directory: For option files with passwords; a memory file system under systemd.
        journals: Of restores.
        retention: What is kept of every server's backups.
        retention_rule: When it is applied, beside after each good backup; None: not otherwise.
        keep_local: Keep the local copy of a backup when all its other copies are where they belong.
        hooks: Programs of the operator.
        secrets: Every secret of the configuration, for redaction.
        search_path: Where programs are looked up, as in PATH; None for the usual directories.
    """

    catalog: Catalog
    backup: BackupSettings
    restore: RestoreSettings
    compression: CompressionSettings
    engines: EnginesSettings
    docker: Docker
    servers: Mapping[str, Server]
    storages: tuple[Storage, ...]
    workspace_directory: Path
    backup_directory: Path
    runtime_directory: Path
    journals: Journals
    retention: RetentionPolicy
    secrets: tuple[str, ...]
    retention_rule: CronRule | None = None
    keep_local: bool = True
    hooks: HooksSettings = field(default_factory=HooksSettings)
    search_path: str | None = None

    @property
    def mode(self) -> Mode:
        """Return how backups become archives."""
        return Mode(self.backup.mode)

    @property
    def local_storages(self) -> tuple[Storage, ...]:
        """Return the storage backends in which a run stores its backup: all of them, or it fails."""
        return tuple(storage for storage in self.storages if not storage.is_remote)

    @property
    def remote_storages(self) -> Mapping[str, Storage]:
        """Return the storage backends that backups are uploaded to, by name."""
        return {storage.name: storage for storage in self.storages if storage.is_remote}
