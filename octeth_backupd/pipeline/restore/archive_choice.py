"""Choose the one archive that is restored: the best copy of a backup, or a file outside the catalog."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.backup import Mode, Origin
from octeth_backupd.domain.manifest import Manifest
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.domain.restore.archives import ENCRYPTED_SUFFIXES, archive_format_of
from octeth_backupd.domain.restore.plan import ArchiveSource, Refusal
from octeth_backupd.domain.restore.space import unpacked_bytes
from octeth_backupd.errors import InvalidRequestError, MetadataError
from octeth_backupd.pipeline.restore.copy_choice import choose_copy
from octeth_backupd.pipeline.restore.known_backup import manifest_of
from octeth_backupd.pipeline.restore.sandbox import out_of_sight

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup
    from octeth_backupd.domain.restore.order import RestoreOrder
    from octeth_backupd.pipeline.parts import Parts

_CHECKSUM = re.compile(r"\\?([0-9a-fA-F]{64})\b")
_LARGEST_TEXT_BYTES = 64 << 20


def choose_archive(
    order: RestoreOrder, parts: Parts, *, only: str = "", passed_over: Collection[str] = ()
) -> tuple[ArchiveSource | None, tuple[Refusal, ...]]:
    """Return the archive to restore, and what speaks against it; nothing is read but names, sizes and small files.

    Args:
        order: Names a backup of the catalog, or a file outside of it.
        parts: Catalog and storage backends.
        only: Name of the one storage backend that counts; empty: all do.
        passed_over: Storage backends whose copies were tried before.

    Raises:
        NotFoundError: The catalog has no such backup.
    """
    if order.archive is not None:
        return _outside_catalog(order.archive, force=order.force)
    source, refusals = _of_backup(parts.catalog.backup(order.backup_id), parts, only, passed_over)
    if source is None or source.sha256 or order.force:
        return source, refusals
    return source, (*refusals, _unknown_checksum(source))


def _of_backup(
    backup: Backup, parts: Parts, only: str, passed_over: Collection[str]
) -> tuple[ArchiveSource | None, tuple[Refusal, ...]]:
    refusals = _unreadable(backup.archive_name)
    if refusals:
        return None, refusals
    archive_format, suffix = archive_format_of(backup.archive_name)
    chosen, refusals = choose_copy(backup, parts, only=only, passed_over=passed_over)
    if chosen is None:
        return None, refusals
    found, is_remote = chosen.copy, chosen.storage.is_remote
    manifest = manifest_of(backup)
    known = manifest.sizes.prepared_bytes if manifest else 0
    is_guessed = backup.mode is Mode.STREAMED or not backup.data_bytes
    guessed = unpacked_bytes(found.size_bytes, is_compressed=bool(suffix)) if is_guessed else 0
    source = ArchiveSource(
        storage=found.storage,
        key=found.key,
        place=found.key if is_remote else str(parts.backup_directory / found.key),
        is_remote=is_remote,
        name=backup.archive_name,
        archive_format=archive_format,
        size_bytes=found.size_bytes,
        sha256=backup.sha256,
        sha256_from=_checksum_origin(backup, manifest),
        unpacked_bytes=known or guessed or max(backup.data_bytes, found.size_bytes),
        manifest=manifest,
        reason=chosen.reason,
    )
    return source, ()


def _checksum_origin(backup: Backup, manifest: Manifest | None) -> str:
    if not backup.sha256:
        return ""
    return "checksum file" if manifest is None and backup.origin is Origin.LEGACY else "manifest"


def _unknown_checksum(source: ArchiveSource) -> Refusal:
    return Refusal(
        code="checksum_missing",
        message=f"nobody knows what the checksum of {source.name} must be: there was none when it was adopted",
        hint="Try it first: octeth-backupctl verify --deep starts a server on it, away from this one.",
        flag="--force",
    )


def _outside_catalog(path: Path, *, force: bool) -> tuple[ArchiveSource | None, tuple[Refusal, ...]]:
    hidden = out_of_sight(path)
    if hidden is not None:
        return None, (hidden,)
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
        place=str(path),
        name=path.name,
        archive_format=archive_format,
        size_bytes=status.st_size,
        unpacked_bytes=(manifest.sizes.prepared_bytes or manifest.sizes.data_bytes if manifest else 0)
        or unpacked_bytes(status.st_size, is_compressed=bool(suffix)),
        manifest=manifest,
        reason="; ".join(("the file that was named", *remarks)),
    )
    source, found = _with_checksum(source, path)
    return source, tuple(refusal for refusal in found if not force)


def _with_checksum(source: ArchiveSource, path: Path) -> tuple[ArchiveSource, tuple[Refusal, ...]]:
    beside = path.with_name(checksum_name(path.name))
    text = _read_small(beside)
    match = _CHECKSUM.match(text or "")
    written = match[1].lower() if match else ""
    stated = source.manifest.archive.sha256 if source.manifest else ""
    if stated and written and stated != written:
        refusal = Refusal(
            code="checksum_conflict",
            message=f"{beside.name} and the manifest beside {path} name different checksums: one of them "
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
        message=f"nobody knows what the checksum of {path.name} must be: {reason}",
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
    if name.endswith(ENCRYPTED_SUFFIXES):
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
