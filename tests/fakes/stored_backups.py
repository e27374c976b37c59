"""Whole backups in a storage backend: archive, checksum file and manifest, as a run leaves them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.manifest_parts import ArchivePart, CompressionPart, SizesPart, TimesPart
from octeth_backupd.domain.names import archive_name, backup_id, checksum_name, checksum_text, manifest_name, time_stamp
from tests.fakes.catalog_values import START
from tests.fakes.installation import INSTALLATION
from tests.fakes.manifests import make_manifest, make_server_part

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.manifest import Manifest
    from tests.fakes.storage import MemoryStorage

OWN, LOST, OTHER = INSTALLATION, "1" * 32, "2" * 32


def stored_manifest(
    taken_at: datetime = START,
    *,
    server: str = "oempro",
    installation_id: str = OWN,
    content: bytes = b"archive",
    tier: Tier = Tier.DAILY,
    **fields: Any,
) -> Manifest:
    """Return the manifest of a backup whose archive has this content."""
    name = archive_name(taken_at, compression_suffix=".zst")
    values: dict[str, Any] = {
        "installation_id": installation_id,
        "backup_id": backup_id(server, taken_at),
        "run_id": f"run-{server}-{time_stamp(taken_at)}",
        "tier": tier,
        "tiers": frozenset({tier}),
        "times": TimesPart(
            run_started_at=taken_at, taken_at=taken_at, engine_finished_at=taken_at, finished_at=taken_at
        ),
        "archive": ArchivePart(
            name=name,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            top_directory=name.removesuffix(".tar.zst"),
            compression=CompressionPart(algorithm="zstd", level=3),
        ),
        "sizes": SizesPart(data_bytes=10_000, archive_bytes=len(content)),
        "server": make_server_part(name=server),
    }
    return make_manifest(**values | fields)


def key_of(manifest: Manifest, *, below: str = "") -> str:
    """Return the archive's key; ``below`` names a directory beneath the tier."""
    directory = f"{manifest.server.name}/{manifest.tier.value}/{below}".rstrip("/")
    return f"{directory}/{manifest.archive.name}"


def store(storage: MemoryStorage, manifest: Manifest, *, content: bytes = b"archive", below: str = "") -> str:
    """Lay a whole backup down and return the archive's key."""
    key = key_of(manifest, below=below)
    storage.files[key] = content
    storage.files[checksum_name(key)] = checksum_text(manifest.archive.sha256, manifest.archive.name).encode()
    storage.files[manifest_name(key)] = manifest.to_json_text().encode()
    return key
