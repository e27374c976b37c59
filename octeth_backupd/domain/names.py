"""Names of backups, their files and the keys they are stored under.

A backup's three files share one name::

    <server>/<tier>/octeth-backup-2026-11-22_02-00-00.tar.zst           archive
                    octeth-backup-2026-11-22_02-00-00.tar.zst.sha256    checksum, as sha256sum reads it
                    octeth-backup-2026-11-22_02-00-00.tar.zst.json      manifest

Times in names are UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from octeth_backupd.domain.backup import Mode, Tier

LATEST = "latest"
"""Stands for the newest good backup where an id is asked for."""
RESERVED_SERVER_NAMES = frozenset({LATEST, *(tier.value for tier in Tier)})
"""Words that mean something where a server's name could stand: an id, or a directory of the bash tool's tree."""

_PREFIX = "octeth-backup-"
_INSTALLATION_DIGITS = 8
_TIME_FORMAT = "%Y-%m-%d_%H-%M-%S"
_CONTAINER_SUFFIXES = {Mode.PREPARED: ".tar", Mode.STREAMED: ".xbstream"}
_SERVER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)
_ARCHIVE_NAME = re.compile(
    r"octeth-backup-(?P<time>\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2})"
    r"(?P<container>\.tar|\.xbstream)(?P<compression>\.zst|\.gz|\.lz4)?(?P<encryption>\.age|\.gpg)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveName:
    """What an archive's name says.

    Attributes:
        taken_at: Whole seconds. UTC, unless the bash tool gave the name: it wrote local times.
        compression_suffix: ``.zst``, ``.gz``, ``.lz4``, or empty.
        encryption_suffix: ``.age``, ``.gpg``, or empty.
    """

    taken_at: datetime
    mode: Mode
    compression_suffix: str = ""
    encryption_suffix: str = ""

    def __str__(self) -> str:
        stamp = time_stamp(self.taken_at)
        return f"{_PREFIX}{stamp}{_CONTAINER_SUFFIXES[self.mode]}{self.compression_suffix}{self.encryption_suffix}"

    @property
    def top_directory(self) -> str:
        """Return the one directory at the top of the archive: its name without the suffixes."""
        return top_directory(self.taken_at)


def time_stamp(at: datetime) -> str:
    """Return a time as names spell it, ``2026-11-22_02-00-00``, in UTC.

    Raises:
        ValueError: It has no time zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time without time zone names no moment")
    utc = at.astimezone(UTC)
    return f"{utc.year:04d}-{utc:%m-%d_%H-%M-%S}"


def archive_name(
    taken_at: datetime, mode: Mode = Mode.PREPARED, compression_suffix: str = "", encryption_suffix: str = ""
) -> str:
    """Return the file name of an archive.

    Args:
        taken_at: When the engine was started.
        mode: Decides between ``.tar`` and ``.xbstream``.
        compression_suffix: ``Compressor.suffix``.
        encryption_suffix: What the cipher adds; empty for none.
    """
    return str(
        ArchiveName(
            taken_at=taken_at,
            mode=mode,
            compression_suffix=compression_suffix,
            encryption_suffix=encryption_suffix,
        )
    )


def top_directory(taken_at: datetime) -> str:
    """Return the name of the one directory at the top of the archive of a backup begun at a time."""
    return f"{_PREFIX}{time_stamp(taken_at)}"


def parse_archive_name(name: str) -> ArchiveName | None:
    """Return what a file name says, or None when it is not an archive's."""
    match = _ARCHIVE_NAME.fullmatch(name)
    if match is None:
        return None
    try:
        taken_at = datetime.strptime(match["time"], _TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    return ArchiveName(
        taken_at=taken_at,
        mode=Mode.PREPARED if match["container"] == ".tar" else Mode.STREAMED,
        compression_suffix=match["compression"] or "",
        encryption_suffix=match["encryption"] or "",
    )


def checksum_name(archive: str) -> str:
    """Return the name (or key) of the checksum file beside an archive."""
    return f"{archive}.sha256"


def checksum_text(sha256: str, archive: str) -> str:
    """Return the content of a checksum file, as ``sha256sum --check`` reads it."""
    return f"{sha256}  {archive}\n"


def manifest_name(archive: str) -> str:
    """Return the name (or key) of the manifest beside an archive."""
    return f"{archive}.json"


def backup_id(server: str, taken_at: datetime) -> str:
    """Return the id of the backup of a server begun at a time; unique while a server begins one a second."""
    return f"{server}-{time_stamp(taken_at)}"


def storage_key(server: str, tier: Tier, name: str) -> str:
    """Return the key of a file in every storage backend.

    Raises:
        ValueError: Server or file name cannot be part of a key.
    """
    if not is_safe_name(server):
        raise ValueError(f"not a server name: {server!r}")
    if not is_safe_file_name(name):
        raise ValueError(f"not a file name: {name!r}")
    return f"{server}/{tier.value}/{name}"


def contested_key(key: str, installation_id: str) -> str:
    """Return where an archive goes in a shared storage backend when another installation has its key.

    Raises:
        ValueError: The installation's id cannot be part of a key.
    """
    mark = installation_id[:_INSTALLATION_DIGITS]
    if not is_safe_file_name(mark):
        raise ValueError(f"not an installation id: {installation_id!r}")
    directory, _, name = key.rpartition("/")
    return f"{directory}/{mark}/{name}"


def is_safe_name(text: str) -> bool:
    """Return whether a text may name a server: it becomes a directory, a part of keys and of ids."""
    return _SERVER_NAME.fullmatch(text) is not None and ".." not in text and text not in RESERVED_SERVER_NAMES


def is_safe_file_name(text: str) -> bool:
    """Return whether a text may be the last part of a key: visible, printable, one path part, at most 200 bytes.

    The limit leaves room for what a storage backend adds while it writes.
    """
    return (
        0 < len(text.encode(errors="replace")) <= 200
        and text.isprintable()
        and not text.startswith(".")
        and "/" not in text
        and "\\" not in text
        and ".." not in text
    )
