"""What the keys in a storage backend say: which files belong together, and which are nobody's we know.

Two hosts that share a bucket and a server's name keep apart by a directory of their own below the tier, named by the
first eight digits of the installation, where a name was taken already::

    <server>/<tier>/octeth-backup-2026-11-22_02-00-00.tar.zst
    <server>/<tier>/0f3a9c12/octeth-backup-2026-11-22_02-00-00.tar.zst
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Tier
from octeth_backupd.domain.names import checksum_name, is_safe_name, manifest_name, parse_archive_name
from octeth_backupd.domain.state_document import owner_of_state_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

SHORT_ID_LENGTH = 8
_SHORT_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_LEGACY_NAME = re.compile(r".+-\d{4}-\d{2}-\d{2}_\d{2}-\d{2}-\d{2}\.(tar|xbstream)\.gz(\.sha256)?", re.ASCII)
_TIERS = frozenset(tier.value for tier in Tier)
_CHECKSUM, _MANIFEST = ".sha256", ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file as a storage backend lists it."""

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArchive:
    """An archive's three files, as far as they are there.

    Attributes:
        key: Of the archive, whether it is there or not.
    """

    key: str
    archive: FoundFile | None = None
    checksum: FoundFile | None = None
    manifest: FoundFile | None = None

    @property
    def files(self) -> tuple[FoundFile, ...]:
        """Return those of the three that are there."""
        return tuple(file for file in (self.archive, self.checksum, self.manifest) if file is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the key of an archive says."""

    server: str
    tier: Tier
    short_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All files of a storage backend, or of one server in it, by what they are.

    Attributes:
        files: Every file by its key.
        archive_keys: Keys of archives of which any file is there.
        states: State files, of any installation.
        legacy: What has a name of the bash tool.
        others: Everything else.
    """

    files: Mapping[str, FoundFile]
    archive_keys: frozenset[str]
    states: tuple[FoundFile, ...]
    legacy: tuple[FoundFile, ...]
    others: tuple[FoundFile, ...]

    def at(self, archive_key: str) -> FoundArchive:
        """Return what is there of an archive and beside it."""
        return FoundArchive(
            key=archive_key,
            archive=self.files.get(archive_key),
            checksum=self.files.get(checksum_name(archive_key)),
            manifest=self.files.get(manifest_name(archive_key)),
        )


def sorted_out(files: Iterable[FoundFile]) -> Listing:
    """Return files by what their keys say they are."""
    by_key = {file.key: file for file in files}
    archive_keys, states, legacy, others = set(), [], [], []
    for file in by_key.values():
        archive_key = file.key.removesuffix(_CHECKSUM).removesuffix(_MANIFEST)
        if place_of(archive_key) is not None and file.key in three_keys(archive_key):
            archive_keys.add(archive_key)
        elif owner_of_state_key(file.key) is not None:
            states.append(file)
        elif _is_legacy(file.key):
            legacy.append(file)
        else:
            others.append(file)
    return Listing(
        files=by_key,
        archive_keys=frozenset(archive_keys),
        states=tuple(states),
        legacy=tuple(legacy),
        others=tuple(others),
    )


def three_keys(archive_key: str) -> tuple[str, str, str]:
    """Return the keys of archive, checksum file and manifest."""
    return archive_key, checksum_name(archive_key), manifest_name(archive_key)


def place_of(archive_key: str) -> Place | None:
    """Return what the key of an archive says; None when it is no such key."""
    parts = archive_key.split("/")
    short_id = ""
    if len(parts) == 4 and _SHORT_ID.fullmatch(parts[2]):
        short_id = parts.pop(2)
    if len(parts) != 3 or not is_safe_name(parts[0]) or parts[1] not in _TIERS or parse_archive_name(parts[2]) is None:
        return None
    return Place(server=parts[0], tier=Tier(parts[1]), short_id=short_id, name=parts[2])


def short_id(installation_id: str) -> str:
    """Return the digits of an installation that keys and ids are told apart by."""
    return installation_id[:SHORT_ID_LENGTH]


def _is_legacy(key: str) -> bool:
    parts = key.split("/")
    return len(parts) >= 2 and parts[-2] in _TIERS and _LEGACY_NAME.fullmatch(parts[-1]) is not None
