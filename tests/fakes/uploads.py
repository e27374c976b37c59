"""Backups that lie on the local disk and wait to be uploaded; storage backends that fail when told."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from octeth_backupd.domain.names import (
    archive_name,
    backup_id,
    checksum_text,
    manifest_name,
    storage_key,
    top_directory,
)
from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.pipeline.record import backup_from_manifest
from tests.fakes.catalog_values import START
from tests.fakes.installation import INSTALLATION
from tests.fakes.manifests import make_manifest, make_server_part
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.domain.manifest import Manifest
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.storage.base import StoredFile
    from tests.fakes.bench import Bench

GONE = StorageError("connection refused", retryable=True)


class Remote(MemoryStorage):
    """A storage backend behind a network.

    Attributes:
        failure: What every call raises; None: it works.
        put_failure: What ``put`` alone raises.
        while_putting: Called with the key before an archive is taken.
        asked: Every key that was asked for, in order.
    """

    def __init__(self, name: str = "s3") -> None:
        super().__init__(name, is_remote=True)
        self.failure: BackupdError | None = None
        self.put_failure: BackupdError | None = None
        self.while_putting: Callable[[str], object] = lambda _key: None
        self.asked: list[str] = []

    def put(
        self,
        source: Path,
        key: str,
        *,
        sha256: str,
        cancellation: Cancellation,
        on_progress: Callable[[int], None] | None = None,
    ) -> StoredFile:
        self._answer(key)
        self.while_putting(key)
        if self.put_failure is not None:
            raise self.put_failure
        return super().put(source, key, sha256=sha256, cancellation=cancellation, on_progress=on_progress)

    def put_text(self, key: str, text: str) -> None:
        self._answer(key)
        super().put_text(key, text)

    def read_text(self, key: str) -> str:
        self._answer(key)
        return super().read_text(key)

    def stat(self, key: str) -> StoredFile:
        self._answer(key)
        return super().stat(key)

    def delete(self, key: str) -> None:
        self._answer(key)
        super().delete(key)

    def discard_unfinished(self, key: str) -> None:
        self._answer(key)
        super().discard_unfinished(key)

    def check(self) -> None:
        self._answer("")

    def _answer(self, key: str) -> None:
        self.asked.append(key)
        if self.failure is not None:
            raise self.failure


def waiting_manifest(
    taken_at: datetime = START, *, server: str = "oempro", content: bytes = b"an archive", run_id: str = "over"
) -> Manifest:
    """Return the manifest of a backup with an archive of this content."""
    name = archive_name(taken_at, compression_suffix=".zst")
    manifest = make_manifest(server=make_server_part(name=server), installation_id=INSTALLATION, run_id=run_id)
    return manifest.model_copy(
        update={
            "backup_id": backup_id(server, taken_at),
            "archive": manifest.archive.model_copy(
                update={
                    "name": name,
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size_bytes": len(content),
                    "top_directory": top_directory(taken_at),
                }
            ),
            "times": manifest.times.model_copy(update={"taken_at": taken_at, "finished_at": taken_at}),
        }
    )


def add_waiting_backup(
    bench: Bench,
    days: int = 0,
    *,
    server: str = "oempro",
    pending: tuple[str, ...] = ("s3",),
    content: bytes = b"an archive",
    run_id: str = "over",
) -> Backup:
    """Store a backup locally and in the catalog, with copies that wait; ``days`` before the bench's usual time."""
    taken_at = START - timedelta(days=days)
    manifest = waiting_manifest(taken_at, server=server, content=content, run_id=run_id)
    key = storage_key(server, manifest.tier, manifest.archive.name)
    path = bench.backups / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    bench.storage.put_text(f"{key}.sha256", checksum_text(manifest.archive.sha256, manifest.archive.name))
    bench.storage.put_text(manifest_name(key), manifest.to_json_text())
    backup = backup_from_manifest(manifest, storages=["local"], pending=pending, at=taken_at)
    bench.catalog.add_backup(backup)
    return replace(backup, copies=tuple(sorted(backup.copies, key=lambda copy: copy.storage)))
