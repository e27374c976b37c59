"""The list of compressors."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from octeth_backupd.compression.base import CompressionSettings
from octeth_backupd.compression.gzip import GzipCompressor
from octeth_backupd.compression.lz4 import Lz4Decompressor
from octeth_backupd.compression.none import NoCompressor
from octeth_backupd.compression.zstd import ZstdCompressor
from octeth_backupd.domain.restore.archives import archive_format_of

if TYPE_CHECKING:
    from octeth_backupd.compression.base import Compressor, Decompressor
    from octeth_backupd.process.host import HostRunner

_ALGORITHMS = {".zst": "zstd", ".gz": "gzip", "": "none"}


def compressor_for(settings: CompressionSettings, host_runner: HostRunner) -> Compressor:
    """Return the compressor that the configuration asks for."""
    threads = len(os.sched_getaffinity(0)) if settings.threads == "auto" else settings.threads
    match settings.algorithm:
        case "zstd":
            return ZstdCompressor(level=settings.level, threads=threads)
        case "gzip":
            return GzipCompressor(level=settings.level, threads=threads, host_runner=host_runner)
        case "none":
            return NoCompressor()


def is_packed_by(settings: CompressionSettings, name: str) -> bool:
    """Return whether an archive of this name was compressed by the algorithm that the configuration asks for."""
    return _ALGORITHMS.get(archive_format_of(name)[1]) == settings.algorithm


def compressor_for_suffix(name: str, host_runner: HostRunner) -> Decompressor:
    """Return what reads an archive, by the ending of its name.

    Raises:
        InvalidRequestError: The name ends like none that can be read.
    """
    _, suffix = archive_format_of(name)
    if suffix == Lz4Decompressor.suffix:
        return Lz4Decompressor(host_runner=host_runner)
    return compressor_for(CompressionSettings.model_validate({"algorithm": _ALGORITHMS[suffix]}), host_runner)
