"""What ``sync --repair`` does about a finding: only where it is ours, and only after another look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_name, checksum_text, manifest_name
from octeth_backupd.domain.sync.comparison import ON_ITS_WAY
from octeth_backupd.domain.sync.report import Repair
from octeth_backupd.errors import BackupdError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.catalog.store import Catalog
    from octeth_backupd.domain.backup import Copy
    from octeth_backupd.domain.sync.report import Finding
    from octeth_backupd.storage.base import Storage

# The manifest makes a backup of an archive: it is written when the rest is there.
_ORDER = (Repair.REMOVE, Repair.ABORT_UPLOAD, Repair.WRITE_CHECKSUM, Repair.WRITE_MANIFEST)


def repaired(
    findings: Iterable[Finding], storage: Storage, catalog: Catalog, *, ours: frozenset[str]
) -> tuple[Finding, ...]:
    """Repair what may be repaired; return all findings, with what was done.

    Args:
        findings: Of one storage backend.
        storage: Where they are.
        catalog: Asked once more about each: runs went on while the sync looked.
        ours: Installations whose backups are ours. Nothing is touched that carries another's id, or none.
    """
    found = list(findings)
    for repair in _ORDER:
        for position, finding in enumerate(found):
            if finding.repair is repair and _may_repair(finding, ours):
                found[position] = _repair(finding, storage, catalog)
    return tuple(found)


def _may_repair(finding: Finding, ours: frozenset[str]) -> bool:
    # An upload that the ledger knows, and a partial file of a copy in the catalog, are this installation's own.
    return finding.repair is Repair.ABORT_UPLOAD or finding.installation_id in ours


def _repair(finding: Finding, storage: Storage, catalog: Catalog) -> Finding:
    try:
        match finding.repair:
            case Repair.REMOVE:
                return _remove(finding, storage, catalog)
            case Repair.ABORT_UPLOAD:
                return _abort(finding, storage, catalog)
            case _:
                return _write(finding, storage, catalog)
    except BackupdError as exc:
        return replace(finding, outcome=f"not repaired: {exc.message}")


def _remove(finding: Finding, storage: Storage, catalog: Catalog) -> Finding:
    copy = _copy_at(finding, storage, catalog)
    if copy is not None and copy.state is not CopyState.DELETED:
        return replace(finding, outcome="left alone: the catalog waits for it now")
    if _is_there(storage, finding.archive_key):
        return replace(finding, outcome="left alone: its archive is there now")
    if finding.key == manifest_name(finding.archive_key):
        storage.delete(checksum_name(finding.archive_key))
    storage.delete(finding.key)
    return replace(finding, outcome="removed", is_repaired=True)


def _abort(finding: Finding, storage: Storage, catalog: Catalog) -> Finding:
    awaited = catalog.copies_in(ON_ITS_WAY)
    if any(copy.storage == storage.name and finding.key.startswith(copy.key) for copy in awaited):
        return replace(finding, outcome="left alone: an upload waits for it now")
    storage.discard_unfinished(finding.key)
    return replace(finding, outcome="removed", is_repaired=True)


def _write(finding: Finding, storage: Storage, catalog: Catalog) -> Finding:
    backup = catalog.backup(finding.backup_id)
    if storage.stat(finding.archive_key).size_bytes != backup.archive_bytes:
        return replace(finding, outcome="left alone: the archive is another one now")
    if finding.repair is Repair.WRITE_CHECKSUM:
        text = checksum_text(backup.sha256, backup.archive_name)
    else:
        text = Manifest.from_mapping(backup.manifest).to_json_text()
    storage.put_text(finding.key, text)
    return replace(finding, outcome="written", is_repaired=True)


def _copy_at(finding: Finding, storage: Storage, catalog: Catalog) -> Copy | None:
    """Return the catalog's copy under the finding's archive as it is now; None when it has none."""
    try:
        backup = catalog.backup(finding.backup_id)
    except NotFoundError:
        return None
    copies = (copy for copy in backup.copies if copy.storage == storage.name and copy.key == finding.archive_key)
    return next(copies, None)


def _is_there(storage: Storage, key: str) -> bool:
    try:
        storage.stat(key)
    except NotFoundError:
        return False
    return True
