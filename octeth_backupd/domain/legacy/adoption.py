"""What an archive of the bash tool is worth, and how it stands in the catalog."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Backup, Copy, CopyState, Mode, Origin, Tier, Trigger
from octeth_backupd.domain.checkpoints import FILE_NAMES as CHECKPOINTS_NAMES
from octeth_backupd.domain.checkpoints import parse_checkpoints
from octeth_backupd.domain.engine_info import INFO_FILE_NAMES, parse_info
from octeth_backupd.domain.names import backup_id
from octeth_backupd.domain.restore.archives import engine_of, is_prepared
from octeth_backupd.errors import BackupdError, MetadataError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

METADATA_NAMES = frozenset({*CHECKPOINTS_NAMES, *INFO_FILE_NAMES})
"""Files within an archive that say what it is."""

_CHECKSUM = re.compile(r"\\?([0-9a-fA-F]{64})\b")


class ArchiveState(StrEnum):
    """What is known of an archive."""

    VERIFIED = "verified"
    """It is whole, and what its checksum file says."""
    UNVERIFIED = "unverified"
    """It is whole as far as that can be seen; nobody knows its checksum."""
    BAD = "bad"
    """It has a checksum file, and cannot be used."""
    PARTIAL = "partial"
    """A run that failed has left it: it is damaged and has no checksum file."""
    UNREAD = "unread"
    """It is in object storage, and only its name, size and checksum file were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFacts:
    """What reading an archive found.

    Attributes:
        sha256: Of its bytes; empty where they were not read.
        data_bytes: Sum of the files in it; 0 where that is not known.
        damage: Why it cannot be used; empty where it can.
        is_prepared: A server can be started on it as it is.
        engine: What made it; empty where it does not say, as the others.
    """

    size_bytes: int
    sha256: str = ""
    data_bytes: int = 0
    damage: str = ""
    is_prepared: bool = False
    engine: str = ""
    engine_version: str = ""
    server_version: str = ""
    to_lsn: int = 0
    last_lsn: int = 0

    @property
    def vendor(self) -> str:
        """Return the server's vendor, as far as the engine shows it."""
        return {"mariadb-backup": "mariadb", "xtrabackup": "mysql"}.get(self.engine, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An archive in a storage backend.

    Attributes:
        checksum: What its checksum file says, 64 hexadecimal digits; empty without one, or where it says none.
        taken_at: From its name, UTC.
    """

    storage: str
    key: str
    name: str
    tier: Tier
    taken_at: datetime
    checksum: str
    facts: ArchiveFacts = field(repr=False)

    @property
    def state(self) -> ArchiveState:
        """Return what it is worth."""
        if self.facts.damage:
            return ArchiveState.BAD if self.checksum else ArchiveState.PARTIAL
        if not self.facts.sha256:
            return ArchiveState.UNREAD
        if not self.checksum:
            return ArchiveState.UNVERIFIED
        return ArchiveState.VERIFIED if self.checksum == self.facts.sha256 else ArchiveState.BAD

    @property
    def detail(self) -> str:
        """Return why it is not verified; empty where it is."""
        match self.state:
            case ArchiveState.VERIFIED:
                return ""
            case ArchiveState.UNVERIFIED:
                return "it had no checksum file; the checksum is that of the import"
            case ArchiveState.UNREAD:
                return "adopted without reading it" + ("" if self.checksum else "; it has no checksum file")
            case ArchiveState.BAD | ArchiveState.PARTIAL:
                return self.facts.damage or "its SHA-256 is not the one in its checksum file"


def checksum_in(text: str) -> str:
    """Return the digest that a checksum file holds, in lower case; empty where it holds none."""
    match = _CHECKSUM.match(text)
    return match[1].lower() if match else ""


def content_facts(texts: Mapping[str, str], *, size_bytes: int, sha256: str, data_bytes: int) -> ArchiveFacts:
    """Return what the engine's own files in an archive say.

    Args:
        texts: File name → content.
        size_bytes: Of the archive.
        sha256: Of its bytes.
        data_bytes: Of the files in it, in sum.

    Returns:
        With ``damage`` where it holds no full backup.
    """
    checkpoints = next((name for name in CHECKPOINTS_NAMES if name in texts), "")
    if not checkpoints:
        damage = f"it holds no {CHECKPOINTS_NAMES[0]}, so the engine had not finished"
        return ArchiveFacts(size_bytes=size_bytes, sha256=sha256, data_bytes=data_bytes, damage=damage)
    info = _info(texts)
    engine = engine_of(info) if info or checkpoints == CHECKPOINTS_NAMES[0] else "mariadb-backup"
    try:
        prepared = is_prepared(texts[checkpoints], engine_name=engine, file=checkpoints)
        parsed = parse_checkpoints(texts[checkpoints], file=checkpoints)
    except (MetadataError, VerificationError) as error:
        return ArchiveFacts(size_bytes=size_bytes, sha256=sha256, data_bytes=data_bytes, damage=error.message)
    return ArchiveFacts(
        size_bytes=size_bytes,
        sha256=sha256,
        data_bytes=data_bytes,
        is_prepared=prepared,
        engine=engine,
        engine_version=info.get("tool_version", ""),
        server_version=info.get("server_version", ""),
        to_lsn=parsed.to_lsn,
        last_lsn=parsed.last_lsn,
    )


def _info(texts: Mapping[str, str]) -> Mapping[str, str]:
    name = next((name for name in INFO_FILE_NAMES if name in texts), "")
    try:
        return parse_info(texts[name], file=name) if name else {}
    except BackupdError:
        return {}


def adopted_backup(found: Found, *, server: str, installation_id: str, now: datetime) -> Backup:
    """Return the catalog entry of an archive; it counts by its time, like one that a schedule made.

    Args:
        found: Not partial.
        server: Whose backup it is.
        installation_id: Ours: retention may expire it.
        now: When it was read.
    """
    facts = found.facts
    own_id = backup_id(server, found.taken_at)
    return Backup(
        backup_id=own_id,
        server=server,
        taken_at=found.taken_at,
        finished_at=found.taken_at,
        tier=found.tier,
        tiers=frozenset({found.tier}),
        trigger=Trigger.SCHEDULE,
        mode=Mode.PREPARED if facts.is_prepared else Mode.STREAMED,
        run_id="",
        installation_id=installation_id,
        archive_name=found.name,
        sha256=found.checksum or facts.sha256,
        data_bytes=facts.data_bytes,
        archive_bytes=facts.size_bytes,
        vendor=facts.vendor,
        server_version=facts.server_version,
        engine=facts.engine,
        engine_version=facts.engine_version,
        to_lsn=facts.to_lsn,
        last_lsn=facts.last_lsn,
        origin=Origin.LEGACY,
        copies=(adopted_copy(found, of=own_id, now=now),),
    )


def adopted_copy(found: Found, *, of: str, now: datetime) -> Copy:
    """Return the copy that an archive is.

    Args:
        found: See ``adopted_backup``.
        of: Id of the backup.
        now: When it was read.
    """
    state = found.state
    return Copy(
        backup_id=of,
        storage=found.storage,
        key=found.key,
        state=CopyState.CORRUPT if state is ArchiveState.BAD else CopyState.PRESENT,
        size_bytes=found.facts.size_bytes,
        updated_at=now,
        verified_at=now if state is ArchiveState.VERIFIED else None,
        detail=found.detail,
    )
