"""What the name of an archive says about how it is read, and what a backup says about whether it is prepared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checkpoints import FILE_NAMES, parse_checkpoints
from octeth_backupd.domain.restore.plan import ArchiveFormat
from octeth_backupd.errors import InvalidRequestError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIXES: Mapping[str, tuple[ArchiveFormat, str]] = {
    ".tar.zst": (ArchiveFormat.TAR, ".zst"),
    ".tar.gz": (ArchiveFormat.TAR, ".gz"),
    ".tgz": (ArchiveFormat.TAR, ".gz"),
    ".tar.lz4": (ArchiveFormat.TAR, ".lz4"),
    ".tar": (ArchiveFormat.TAR, ""),
    ".xbstream.zst": (ArchiveFormat.XBSTREAM, ".zst"),
    ".xbstream.gz": (ArchiveFormat.XBSTREAM, ".gz"),
    ".xbstream.lz4": (ArchiveFormat.XBSTREAM, ".lz4"),
    ".xbstream": (ArchiveFormat.XBSTREAM, ""),
}
"""How a name ends → what is inside, and the suffix of its compression."""

ENCRYPTED_SUFFIXES = (".age", ".gpg")
_PREPARED_TYPES = {"xtrabackup": "full-prepared", "mariadb-backup": "log-applied"}
# "log-applied" is XtraBackup's word after --apply-log-only: whole, but not rolled back yet.
_FULL_TYPES = frozenset({"full-backuped", "full-prepared", "log-applied"})


def archive_format_of(name: str) -> tuple[ArchiveFormat, str]:
    """Return what is inside an archive, and the suffix of its compression (``.zst``; empty for none).

    Raises:
        InvalidRequestError: The name ends like none that can be read.
    """
    for suffix, found in SUFFIXES.items():
        if name.endswith(suffix) and name != suffix:
            return found
    encrypted = " It is encrypted: decrypt it first." if name.endswith(ENCRYPTED_SUFFIXES) else ""
    raise InvalidRequestError(
        f"{name} is no archive that can be read", hint=f"Its name must end in one of: {', '.join(SUFFIXES)}.{encrypted}"
    )


def engine_of(info: Mapping[str, str]) -> str:
    """Return which engine made a backup, by its info file: the one that must prepare it."""
    told = " ".join(info.get(key, "") for key in ("tool_name", "tool_version", "server_version")).lower()
    return "mariadb-backup" if "mariadb" in told or "mariabackup" in told else "xtrabackup"


def is_prepared(checkpoints_text: str, *, engine_name: str, file: str = FILE_NAMES[0]) -> bool:
    """Return whether a backup's redo log has been applied, so that a server may be started on it.

    Args:
        checkpoints_text: Content of the checkpoints file.
        engine_name: ``xtrabackup`` or ``mariadb-backup``: the same word means different states.
        file: Name of the file, for messages.

    Raises:
        MetadataError: The file is malformed.
        VerificationError: It is no full backup.

    Source:
        Percona XtraBackup 8.0 manual, "Index of files created by Percona XtraBackup"; measured on mariadb-backup 10.11.
    """
    found = parse_checkpoints(checkpoints_text, file=file)
    if found.backup_type not in _FULL_TYPES or found.from_lsn != 0:
        raise VerificationError(
            f"{file} says '{found.backup_type}' from LSN {found.from_lsn}: this is no full backup",
            hint="An incremental backup holds changes only; restore the full backup it belongs to.",
        )
    return found.backup_type == _PREPARED_TYPES[engine_name]
