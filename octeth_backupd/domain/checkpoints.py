"""The engines' checkpoints file: which state a backup is in, and which part of the redo log it covers."""

from __future__ import annotations

from dataclasses import dataclass

from octeth_backupd.domain.engine_info import parse_key_values
from octeth_backupd.errors import MetadataError

FILE_NAMES = ("xtrabackup_checkpoints", "mariadb_backup_checkpoints")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """What the file says; LSNs are bytes since the redo log began.

    Attributes:
        backup_type: State in the engine's own word, such as ``full-backuped``.
        to_lsn: The server's last checkpoint that the engine saw.
        last_lsn: End of the redo that the engine copied: the moment the backup shows.
    """

    backup_type: str
    from_lsn: int
    to_lsn: int
    last_lsn: int


def parse_checkpoints(text: str, *, file: str = FILE_NAMES[0]) -> Checkpoints:
    """Return what a checkpoints file says.

    Args:
        text: Content of the file, ``key = value`` lines; keys this release does not know are passed over.
        file: Name of the file, for messages.

    Raises:
        MetadataError: A line is no ``key = value``, a key is missing, doubled or not a number.

    Source:
        Percona XtraBackup 8.0 manual, "Index of files created by Percona XtraBackup"; mariadb-backup 10.11 writes the
        same keys and ``recover_binlog_info``.
    """
    values = parse_key_values(text, file=file)
    if not values.get("backup_type"):
        raise MetadataError(f"{file} has no backup_type; expected a line such as 'backup_type = full-backuped'")
    return Checkpoints(
        backup_type=values["backup_type"],
        from_lsn=_lsn(values, "from_lsn", file=file),
        to_lsn=_lsn(values, "to_lsn", file=file),
        last_lsn=_lsn(values, "last_lsn", file=file),
    )


def _lsn(values: dict[str, str], key: str, *, file: str) -> int:
    if key not in values:
        raise MetadataError(f"{file} has no {key}; expected a line such as '{key} = 211801005'")
    text = values[key]
    if not (text.isascii() and text.isdigit()):
        raise MetadataError(f"{file} says '{key} = {text}'; expected a whole number that is not negative")
    return int(text)
