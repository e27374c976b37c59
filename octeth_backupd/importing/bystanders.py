"""What else lies in the bash tool's directory, and stays there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.archive_names import TIERS
from octeth_backupd.domain.legacy.report import Fate, Note
from octeth_backupd.domain.space import format_bytes
from octeth_backupd.process.files import translated_os_errors, tree_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MEANINGS = {
    "pre-restore-backup-": "data that a restore of the bash tool replaced; remove it when you no longer need it",
    "tmp": "scratch space of the bash tool",
    "clickhouse": "ClickHouse's",
    "innodb_backup_": "an archive of the older tool, which is not adopted: restore it by hand with XtraBackup 2.4",
}


def bystanders(root: Path, *, own: frozenset[str]) -> Iterator[Note]:
    """Yield what lies beside the directories of archives, with its size, and those directories that are links.

    Args:
        root: The directory of local backups.
        own: Names that are ours: the servers' directories, and the workspace.
    """
    with translated_os_errors(root):
        entries = sorted(root.iterdir()) if root.is_dir() else []
    tiers = {tier.value for tier in TIERS}
    for entry in entries:
        if entry.name in tiers and entry.is_symlink():
            message = (
                "is a symbolic link, which is not followed: no archive in it is found. Make it a directory, or mount "
                "the other one there, then import --archives"
            )
            yield Note(fate=Fate.BY_HAND, subject=str(entry), message=message)
        if entry.name in tiers or entry.name in own:
            continue
        size = tree_bytes(entry) if entry.is_dir() and not entry.is_symlink() else entry.lstat().st_size
        meaning = next((text for start, text in _MEANINGS.items() if entry.name.startswith(start)), "not known")
        yield Note(fate=Fate.LEFT_ALONE, subject=str(entry), message=f"{format_bytes(size)}; {meaning}")
