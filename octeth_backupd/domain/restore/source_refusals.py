"""What about a backup itself keeps it from being restored into a server's data directory."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import normalised
from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.domain.server import TablespaceKind

if TYPE_CHECKING:
    from octeth_backupd.domain.manifest import Manifest

_PLACED = frozenset({TablespaceKind.SINGLE, TablespaceKind.GENERAL})
_SHOWN = 3


def source_refusals(manifest: Manifest) -> tuple[Refusal, ...]:
    """Return what stands in the way, as the backup's manifest tells it."""
    found = []
    outside = _outside(manifest)
    if outside:
        shown = ", ".join(outside[:_SHOWN]) + (f" and {len(outside) - _SHOWN} more" if len(outside) > _SHOWN else "")
        found.append(
            Refusal(
                code="external_tablespaces",
                message=f"the backup has tablespaces that lay outside of the server's data directory: {shown}",
                hint="Restored files in the data directory would not be found by the server, and files elsewhere "
                "cannot be swapped with it. Lay the files down with --to DIRECTORY and place these by hand.",
            )
        )
    if manifest.archive.encryption != "none":
        found.append(
            Refusal(
                code="encrypted",
                message=f"the archive is encrypted ({manifest.archive.encryption}), and this host holds no key",
                hint="Decrypt it where the key is, then restore the result with restore --file PATH.",
            )
        )
    return tuple(found)


def _outside(manifest: Manifest) -> list[str]:
    server = manifest.server
    data = server.server_paths.get("data") or server.variables.get("datadir")
    if not data:
        return []
    known = [
        normalised(PurePosixPath(path))
        for path in (data, server.server_paths.get("innodb_home"), server.server_paths.get("undo"))
        if path
    ]
    return [
        tablespace.name
        for tablespace in server.tablespaces
        if tablespace.kind in _PLACED
        and tablespace.path
        and not any(normalised(known[0] / tablespace.path).is_relative_to(path) for path in known)
    ]
