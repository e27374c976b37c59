"""Unpacking an archive in one pass: hashed, decompressed, checked and written as it is read."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.plan import ArchiveFormat
from octeth_backupd.pipeline.readback import READ_BYTES
from octeth_backupd.pipeline.restore.landing import Landing
from octeth_backupd.pipeline.restore.untar import untar
from octeth_backupd.pipeline.restore.unxbstream import unpack_xbstream

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.compression.base import Decompressor
    from octeth_backupd.pipeline.hashing import HashingReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What unpacking an archive found.

    Attributes:
        sha256: Digest of the archive's bytes.
        size_bytes: Of the archive.
        unpacked_bytes: Written.
        file_count: Files made.
    """

    sha256: str
    size_bytes: int
    unpacked_bytes: int
    file_count: int


def unpack(
    source: HashingReader,
    *,
    archive_format: ArchiveFormat,
    compressor: Decompressor,
    directory: Path,
) -> Unpacked:
    """Unpack an archive into a directory that exists and is empty; what was written stays when it fails.

    Files are made new with mode 0600, directories with 0700, all of them owned by the daemon.

    Args:
        source: The archive from its start; read to its end unless this fails.
        archive_format: What is inside the compression.
        compressor: Undoes the compression.
        directory: Nothing is ever written outside of it.

    Raises:
        VerificationError: The archive is damaged, cut, or holds what no backup holds.
        SpaceError: The disk is full.
        ProgramError: A program that decompresses is not installed.
        BackupdError: The token's reason.
    """
    buffered = io.BufferedReader(source, READ_BYTES)
    with Landing(directory) as landing, compressor.open(buffered) as plain:
        match archive_format:
            case ArchiveFormat.TAR:
                untar(plain, landing)
            case ArchiveFormat.XBSTREAM:
                unpack_xbstream(plain, landing)
    source.drain()
    return Unpacked(
        sha256=source.hexdigest(),
        size_bytes=source.read_bytes,
        unpacked_bytes=landing.written_bytes,
        file_count=landing.file_count,
    )
