"""Finished backups in a bench: their files lie in real and fake storage backends, their rows in the catalog."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Backup, CopyState, Mode, Operation, Tier, Trigger
from octeth_backupd.domain.manifest_parts import TimesPart
from octeth_backupd.domain.names import (
    archive_name,
    backup_id,
    checksum_name,
    checksum_text,
    manifest_name,
    top_directory,
)
from octeth_backupd.domain.retention.settings import RetentionSettings
from octeth_backupd.pipeline.record import backup_from_manifest
from octeth_backupd.pipeline.retention.confirmation import confirm
from tests.fakes.installation import INSTALLATION
from tests.fakes.manifests import make_manifest
from tests.fakes.runs import a_run
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.domain.restore.order import Order
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.parts import Parts
    from octeth_backupd.storage.base import Storage
    from tests.fakes.bench import Bench

DAY = timedelta(days=1)
CONTENT = "an archive"


def finished_manifest(
    taken_at: datetime, *, installation_id: str, suspect: str = "", trigger: Trigger = Trigger.SCHEDULE
) -> Manifest:
    """Return the manifest of a backup of a time; its archive holds ``CONTENT``."""
    archive = make_manifest().archive.model_copy(
        update={
            "name": archive_name(taken_at, Mode.PREPARED, ".zst"),
            "size_bytes": len(CONTENT),
            "top_directory": top_directory(taken_at),
        }
    )
    return make_manifest(
        installation_id=installation_id,
        backup_id=backup_id("oempro", taken_at),
        tier=Tier.DAILY,
        tiers=frozenset({Tier.DAILY}),
        trigger=trigger,
        suspect=suspect,
        times=TimesPart(run_started_at=taken_at, taken_at=taken_at, engine_finished_at=taken_at, finished_at=taken_at),
        archive=archive,
        sizes=make_manifest().sizes.model_copy(update={"archive_bytes": archive.size_bytes}),
    )


def put_files(storage: Storage, key: str, manifest: Manifest) -> None:
    """Store the three files of a backup."""
    storage.put_text(key, CONTENT)
    storage.put_text(checksum_name(key), checksum_text(manifest.archive.sha256, manifest.archive.name))
    storage.put_text(manifest_name(key), manifest.to_json_text())


class Shelf:
    """A local and a remote storage with backups in them; the policy in force is confirmed.

    Attributes:
        settings: The policy; one of each by default, so that of many nights few are kept.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.remote = MemoryStorage("s3", is_remote=True)
        self.settings = RetentionSettings(daily=2, weekly=1, monthly=1, keep_manual_days=3)
        confirm(bench.catalog, self.parts.retention)

    @property
    def parts(self) -> Parts:
        """Return the parts of the policy as it is now."""
        storages: tuple[Storage, ...] = (self.bench.storage, self.remote)
        return self.bench.parts(
            storages=storages,
            retention=self.settings.policy(
                {storage.name: storage.is_remote for storage in storages}, timezone="UTC", schedules={}
            ),
        )

    def context(self, operation: Operation, *, of: Backup | None = None, order: Order | None = None) -> RunContext:
        """Return the context of a run that is in the catalog."""
        count = len(self.bench.catalog.runs(limit=1000))
        run = a_run(f"run-{count}", operation=operation, backup_id=of.backup_id if of else None)
        return replace(self.bench.context(run), order=order)

    def put(
        self,
        taken_at: datetime,
        *,
        storages: tuple[str, ...] = ("local", "s3"),
        installation_id: str = INSTALLATION,
        suspect: str = "",
        trigger: Trigger = Trigger.SCHEDULE,
    ) -> Backup:
        """Store a backup and enter it into the catalog."""
        manifest = finished_manifest(taken_at, installation_id=installation_id, suspect=suspect, trigger=trigger)
        backup = backup_from_manifest(manifest, storages=storages, at=taken_at, verified=True)
        for storage in (self.bench.storage, self.remote):
            if storage.name in storages:
                key = backup.copies[0].key
                put_files(storage, key, manifest)
        self.bench.catalog.add_backup(backup)
        return backup

    @property
    def local_parts(self) -> Parts:
        """Return the same without the remote storage; the policy stays."""
        return replace(self.parts, storages=(self.bench.storage,))

    def nights(self, count: int, *, storages: tuple[str, ...] = ("local", "s3")) -> list[Backup]:
        """Store a backup for each of the last nights, oldest first; now is two hours after the newest."""
        last = self.bench.clock.now()
        found = [self.put(last - day * DAY, storages=storages) for day in reversed(range(count))]
        self.bench.clock.go(7200)
        return found

    def state(self, backup: Backup, storage: str = "local") -> CopyState:
        """Return what a copy is now."""
        return self.copy_detail(backup, storage)[0]

    def copy_detail(self, backup: Backup, storage: str = "local") -> tuple[CopyState, str]:
        """Return what a copy is now, and why."""
        copies = self.bench.catalog.backup(backup.backup_id).copies
        copy = next(copy for copy in copies if copy.storage == storage)
        return copy.state, copy.detail

    def files(self) -> set[str]:
        """Return every file of both storages."""
        return {f"local:{name}" for name in self.bench.stored()} | {f"s3:{key}" for key in self.remote.files}

    def files_of(self, backup: Backup) -> set[str]:
        """Return the files that a backup consists of."""
        key = backup.copies[0].key
        names = (key, checksum_name(key), manifest_name(key))
        return {f"{copy.storage}:{name}" for copy in backup.copies for name in names}
