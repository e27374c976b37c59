"""Choose the one archive that is restored: the best copy of a backup, or a file outside the catalog."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import CopyState, Mode
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.domain.restore.archives import archive_format_of
from octeth_backupd.domain.restore.plan import ArchiveSource, Refusal
from octeth_backupd.domain.restore.space import unpacked_bytes
from octeth_backupd.errors import BackupdError, InvalidRequestError, MetadataError
from octeth_backupd.pipeline.restore.known_backup import manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup, Copy
    from octeth_backupd.domain.restore.order import RestoreOrder
    from octeth_backupd.pipeline.parts import Parts

LOCAL = "local"
_ENCRYPTED = (".age", ".gpg")
_CHECKSUM = re.compile(r"\\?([0-9a-fA-F]{64})\b")
_LARGEST_TEXT_BYTES = 64 << 20


def choose_archive(order: RestoreOrder, parts: Parts) -> tuple[ArchiveSource | None, tuple[Refusal, ...]]:
    """Return the archive to restore, and what speaks against it; nothing is read but names, sizes and small files.

    A copy that is on this host comes first, then one whose bytes were read back and found right.

    Raises:
        NotFoundError: The catalog has no such backup.
    """
    if order.archive is not None:
        return _outside_catalog(order.archive, force=order.force)
    return _of_backup(parts.catalog.backup(order.backup_id), parts)


def _of_backup(backup: Backup, parts: Parts) -> tuple[ArchiveSource | None, tuple[Refusal, ...]]:
    refusals = _unreadable(backup.archive_name)
    if refusals:
        return None, refusals
    archive_format, suffix = archive_format_of(backup.archive_name)
    found, problems = _best_copy(backup, parts)
    if found is None:
        return None, (_no_copy(backup, problems),)
    manifest = manifest_of(backup)
    guessed = unpacked_bytes(found.size_bytes, is_compressed=bool(suffix)) if backup.mode is Mode.STREAMED else 0
    known = manifest.sizes.prepared_bytes if manifest else 0
    return (
        ArchiveSource(
            path=parts.backup_directory / found.key,
            storage=found.storage,
            name=backup.archive_name,
            archive_format=archive_format,
            size_bytes=found.size_bytes,
            sha256=backup.sha256,
            sha256_from="manifest" if backup.sha256 else "",
            unpacked_bytes=known or guessed or max(backup.data_bytes, found.size_bytes),
            manifest=manifest,
            reason=_why(found),
        ),
        (),
    )


def _best_copy(backup: Backup, parts: Parts) -> tuple[Copy | None, tuple[str, ...]]:
    """Return the copy to read, and what is wrong with the others."""
    problems = []
    storages = {storage.name: storage for storage in parts.storages}
    for copy in sorted(backup.copies, key=lambda c: (c.storage != LOCAL, c.verified_at is None, c.storage)):
        where = f"the copy in {copy.storage}"
        if copy.state is not CopyState.PRESENT:
            problems.append(f"{where} is {copy.state}{f' ({copy.detail})' if copy.detail else ''}")
        elif copy.storage != LOCAL or copy.storage not in storages:
            problems.append(f"{where} is not on this host")
        else:
            try:
                size_bytes = storages[copy.storage].stat(copy.key).size_bytes
            except BackupdError as error:
                problems.append(f"{where} cannot be read: {error.message}")
                continue
            if size_bytes == copy.size_bytes:
                return copy, tuple(problems)
            problems.append(f"{where} has {size_bytes} bytes instead of {copy.size_bytes}")
    return None, tuple(problems)


def _why(copy: Copy) -> str:
    read_back = (
        f"read back and found right at {copy.verified_at:%Y-%m-%d %H:%M} UTC"
        if copy.verified_at
        else ("never read back since it was made")
    )
    return f"on this host, {read_back}"


def _no_copy(backup: Backup, problems: tuple[str, ...]) -> Refusal:
    return Refusal(
        code="no_copy",
        message=f"no copy of {backup.backup_id} can be read: {'; '.join(problems) or 'none is known'}",
        hint="Choose another backup (octeth-backupctl list). An archive that you still have elsewhere is restored with "
        "restore --file PATH; its checksum and manifest beside it are used.",
    )


def _outside_catalog(path: Path, *, force: bool) -> tuple[ArchiveSource | None, tuple[Refusal, ...]]:
    try:
        status = path.stat()
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return None, (_no_file(f"{path} cannot be read: {reason}"),)
    if not stat.S_ISREG(status.st_mode):
        return None, (_no_file(f"{path} is not a file"),)
    refusals = _unreadable(path.name)
    if refusals:
        return None, refusals
    archive_format, suffix = archive_format_of(path.name)
    manifest, remarks = _manifest_beside(path)
    source = ArchiveSource(
        path=path,
        storage="",
        name=path.name,
        archive_format=archive_format,
        size_bytes=status.st_size,
        unpacked_bytes=(manifest.sizes.prepared_bytes or manifest.sizes.data_bytes if manifest else 0)
        or unpacked_bytes(status.st_size, is_compressed=bool(suffix)),
        manifest=manifest,
        reason="; ".join(("the file that was named", *remarks)),
    )
    source, found = _with_checksum(source)
    return source, tuple(refusal for refusal in found if not force)


def _with_checksum(source: ArchiveSource) -> tuple[ArchiveSource, tuple[Refusal, ...]]:
    beside = source.path.with_name(checksum_name(source.path.name))
    text = _read_small(beside)
    match = _CHECKSUM.match(text or "")
    written = match[1].lower() if match else ""
    stated = source.manifest.archive.sha256 if source.manifest else ""
    if stated and written and stated != written:
        refusal = Refusal(
            code="checksum_conflict",
            message=f"{beside.name} and the manifest beside {source.path} name different checksums: one of them "
            "belongs to another file",
            hint="Put the files together that belong together.",
            flag="--force",
        )
        return replace(source, sha256=stated, sha256_from="manifest"), (refusal,)
    if stated:
        return replace(source, sha256=stated, sha256_from="manifest"), ()
    if written:
        return replace(source, sha256=written, sha256_from="checksum file"), ()
    reason = "there is none beside it" if text is None else f"{beside.name} holds none"
    refusal = Refusal(
        code="checksum_missing",
        message=f"nobody knows what the checksum of {source.path.name} must be: {reason}",
        hint=f"Put {beside.name} beside it, as sha256sum writes it.",
        flag="--force",
    )
    return source, (refusal,)


def _manifest_beside(path: Path) -> tuple[Manifest | None, tuple[str, ...]]:
    beside = path.with_name(manifest_name(path.name))
    text = _read_small(beside)
    if text is None:
        return None, ("no manifest beside it",)
    try:
        return Manifest.from_json_text(text), ("with its manifest",)
    except MetadataError as error:
        return None, (f"{beside.name} is left aside: {error.message}",)


def _read_small(path: Path) -> str | None:
    """Return the text of a file beside an archive; None where there is none."""
    try:
        if path.stat().st_size > _LARGEST_TEXT_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _unreadable(name: str) -> tuple[Refusal, ...]:
    """Return why an archive of this name cannot be read at all."""
    if name.endswith(_ENCRYPTED):
        return (
            Refusal(
                code="encrypted",
                message=f"{name} is encrypted, and this host holds no key that opens it",
                hint="Decrypt it where the key is, then restore the result with restore --file PATH.",
            ),
        )
    try:
        archive_format_of(name)
    except InvalidRequestError as error:
        return (Refusal(code="unknown_format", message=error.message, hint=error.hint),)
    return ()


def _no_file(message: str) -> Refusal:
    return Refusal(code="no_copy", message=message, hint="Name an archive that the daemon can read on this host.")
