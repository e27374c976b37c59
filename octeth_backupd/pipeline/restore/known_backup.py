"""What earlier backups remember of a server that cannot be asked any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.errors import MetadataError

if TYPE_CHECKING:
    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Backup


def newest_manifest(catalog: Catalog, server: str) -> Manifest | None:
    """Return the manifest of a server's newest good backup; None where the catalog knows none."""
    backup = catalog.last_good_backup(server)
    return None if backup is None else manifest_of(backup)


def manifest_of(backup: Backup) -> Manifest | None:
    """Return a backup's manifest; None where it was adopted without one, or has one that cannot be read."""
    try:
        return Manifest.from_mapping(backup.manifest)
    except MetadataError:
        return None
