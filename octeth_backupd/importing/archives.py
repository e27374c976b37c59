"""Finding and reading the archives of the bash tool, in any storage backend."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.compression.registry import compressor_for_suffix
from octeth_backupd.domain.legacy.adoption import METADATA_NAMES, ArchiveFacts, Found, checksum_in, content_facts
from octeth_backupd.domain.legacy.archive_names import TIERS
from octeth_backupd.domain.legacy.report import Fate, Note
from octeth_backupd.domain.names import checksum_name
from octeth_backupd.domain.restore.archives import archive_format_of
from octeth_backupd.domain.restore.plan import ArchiveFormat
from octeth_backupd.domain.space import format_bytes
from octeth_backupd.errors import BackupdError, VerificationError
from octeth_backupd.pipeline.readback import hash_archive, read_back, read_through

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from octeth_backupd.domain.backup import Tier
    from octeth_backupd.domain.legacy.archive_names import LegacyNames
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.process.host import HostRunner
    from octeth_backupd.storage.base import Storage, StoredFile

_EMPTY_GZIP_BYTES = 20
"""What gzip writes when it is given nothing; a defect of the old tool left such archives behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A file that is named like an archive of the tool."""

    storage: Storage
    file: StoredFile
    tier: Tier
    name: str
    taken_at: datetime
    has_checksum_file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What the tool's directories in a storage backend hold."""

    candidates: tuple[Candidate, ...]
    notes: tuple[Note, ...]


def scan(storage: Storage, names: LegacyNames, zone: ZoneInfo) -> Scan:
    """Return the archives in ``daily/``, ``weekly/`` and ``monthly/`` of a backend, oldest first; nothing is read.

    With an empty prefix the old upload made keys with a slash before the directory; those are looked for as well.

    Raises:
        StorageError: The backend cannot be listed.
    """
    candidates: list[Candidate] = []
    notes: list[Note] = []
    for tier in TIERS:
        for slash in ("/", "") if storage.is_remote else ("",):
            files = {file.key: file for file in storage.list(f"{slash}{tier.value}/")}
            for key, file in files.items():
                name = PurePosixPath(key).name
                found = names.time_in(name, zone) if str(PurePosixPath(key).parent) == f"{slash}{tier.value}" else None
                if found is None:
                    notes += _odd_file(storage, key, files)
                    continue
                taken_at, doubt = found
                if doubt:
                    notes.append(Note(fate=Fate.CHANGED, subject=f"{storage.name}: {key}", message=doubt))
                candidates.append(
                    Candidate(
                        storage=storage,
                        file=file,
                        tier=tier,
                        name=name,
                        taken_at=taken_at,
                        has_checksum_file=checksum_name(key) in files,
                    )
                )
    return Scan(candidates=tuple(sorted(candidates, key=lambda one: (one.taken_at, one.file.key))), notes=tuple(notes))


def _odd_file(storage: Storage, key: str, files: dict[str, StoredFile]) -> Iterator[Note]:
    archive = key.removesuffix(".sha256")
    if archive in files and archive != key:
        return
    what = "a checksum without its archive" if archive != key else "not named like an archive of the bash tool"
    yield Note(fate=Fate.LEFT_ALONE, subject=f"{storage.name}: {key}", message=what)


def examine(
    candidate: Candidate, host_runner: HostRunner, cancellation: Cancellation, say: Callable[[str], None]
) -> Found:
    """Return what a candidate is worth: a local one is read to its end, of a remote one the checksum file alone.

    Args:
        candidate: From ``scan``.
        host_runner: For the compressor.
        cancellation: Looked at while reading.
        say: Told, in words, before a file is read.

    Raises:
        StorageError: It cannot be read now.
    """
    checksum = _stated_checksum(candidate) if candidate.has_checksum_file else ""
    if candidate.storage.is_remote:
        damage = _too_small(candidate.file.size_bytes)
        facts = ArchiveFacts(size_bytes=candidate.file.size_bytes, damage=damage)
    else:
        say(f"reading {candidate.file.key} ({format_bytes(candidate.file.size_bytes)})")
        facts = _read(candidate, host_runner, cancellation)
    return Found(
        storage=candidate.storage.name,
        key=candidate.file.key,
        name=candidate.name,
        tier=candidate.tier,
        taken_at=candidate.taken_at,
        checksum=checksum,
        facts=facts,
    )


def _stated_checksum(candidate: Candidate) -> str:
    try:
        return checksum_in(candidate.storage.read_text(checksum_name(candidate.file.key)))
    except BackupdError:
        return ""  # in a slow class of storage it cannot be read now; the archive is adopted all the same


def _too_small(size_bytes: int) -> str:
    return f"it has {size_bytes} bytes, which is nothing compressed" if size_bytes <= _EMPTY_GZIP_BYTES else ""


def _read(candidate: Candidate, host_runner: HostRunner, cancellation: Cancellation) -> ArchiveFacts:
    size_bytes = candidate.file.size_bytes
    if damage := _too_small(size_bytes):
        return ArchiveFacts(size_bytes=size_bytes, damage=damage)
    archive_format, _ = archive_format_of(candidate.name)
    compressor = compressor_for_suffix(candidate.name, host_runner)
    key = candidate.file.key
    try:
        with candidate.storage.open(key) as source:
            if archive_format is not ArchiveFormat.TAR:
                found = read_through(source, compressor, cancellation=cancellation)
                return ArchiveFacts(size_bytes=found.size_bytes, sha256=found.sha256)
            found = read_back(source, compressor, cancellation=cancellation, wanted=METADATA_NAMES)
    except VerificationError as error:
        with candidate.storage.open(key) as source:
            sha256 = hash_archive(source, cancellation=cancellation).sha256
        return ArchiveFacts(size_bytes=size_bytes, sha256=sha256, damage=error.message)
    return content_facts(
        found.texts, size_bytes=found.size_bytes, sha256=found.sha256, data_bytes=sum((found.files or {}).values())
    )
