"""What a backup must and must not hold before a server is started on it."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.checkpoints import FILE_NAMES as CHECKPOINTS_NAMES
from octeth_backupd.domain.engine_info import BACKUP_CNF_NAME, BINLOG_FILE_NAMES
from octeth_backupd.errors import MetadataError, RestoreRefusedError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Collection

TABLESPACES_NAME = "xtrabackup_tablespaces"
ENGINE_FILES = (
    *CHECKPOINTS_NAMES,
    *BINLOG_FILE_NAMES,
    BACKUP_CNF_NAME,
    TABLESPACES_NAME,
    "xtrabackup_logfile",
    "xtrabackup_keys",
    "xtrabackup_binlog_pos_innodb",
    "xtrabackup_slave_info",
    "mariadb_backup_slave_info",
    "xtrabackup_galera_info",
    "mariadb_backup_galera_info",
)
"""Files of the engines that a data directory must not hold. Their info file stays: both engines leave it themselves.

Source:
    Percona XtraBackup, ``backup_copy.cc``: what ``--copy-back`` leaves out.
"""
_SYSTEM_SCHEMA = "mysql"
_PACKED_SUFFIXES = (".qp", ".lz4", ".zst", ".xbcrypt")
_LINK_SUFFIX = ".isl"


def check_files(paths: Collection[str], *, tablespaces_text: str) -> None:
    """Pass when a server can be started on these files as they lie.

    Args:
        paths: Every file of the backup, relative.
        tablespaces_text: Content of XtraBackup's ``xtrabackup_tablespaces``; empty where there is none.

    Raises:
        VerificationError: There is no ``mysql/``: it is no whole backup, and an image would initialise a new database.
        RestoreRefusedError: Its files are packed one by one, or some of them belong outside of the data directory.
        MetadataError: The list of tablespaces cannot be read.
    """
    packed = [path for path in paths if path.endswith(_PACKED_SUFFIXES)]
    if packed:
        raise RestoreRefusedError(
            f"the files in the backup are compressed or encrypted one by one: {sorted(packed)[0]}",
            hint="Unpack it by hand with xtrabackup --decompress (or --decrypt), then pack that directory and use "
            "restore --file.",
        )
    if not any(PurePosixPath(path).parts[0] == _SYSTEM_SCHEMA and "/" in path for path in paths):
        raise VerificationError(
            "the backup holds no mysql/: it is no backup of a whole server", hint="Restore another backup."
        )
    outside = [path for path in paths if path.endswith(_LINK_SUFFIX)] or _external(tablespaces_text)
    if outside:
        raise RestoreRefusedError(
            f"the backup holds tablespaces that lay outside of the data directory: {', '.join(sorted(outside)[:5])}",
            hint="They cannot be put back together with it. Lay the backup's files down by hand, and start a server on "
            "them that can see the old paths.",
        )


def _external(text: str) -> list[str]:
    """Return the tablespaces that a ``xtrabackup_tablespaces`` names as lying elsewhere.

    Source:
        Percona XtraBackup 8.0: JSON with ``version`` and a list ``external_tablespaces``.
    """
    if not text:
        return []
    try:
        return [str(entry["file_name"]) for entry in json.loads(text)["external_tablespaces"]]
    except (ValueError, LookupError, TypeError) as exc:
        raise MetadataError(f"{TABLESPACES_NAME} cannot be read: {exc!r}") from exc
