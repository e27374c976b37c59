"""Streams as xtrabackup --stream=xbstream writes them, and as somebody else would."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence


def chunk(
    name: str | bytes,
    kind: bytes,
    data: bytes = b"",
    *,
    offset: int = 0,
    flags: int = 0,
    checksum: int | None = None,
    holes: Sequence[tuple[int, int]] | None = None,
) -> bytes:
    """Return one chunk.

    Args:
        name: Path of the file.
        kind: ``P``, ``S``, ``E`` or something else.
        data: Its payload.
        offset: Where that belongs in the file.
        flags: 1: may be ignored.
        checksum: Instead of the right one.
        holes: Of a sparse chunk: (skip, length) pairs.
    """
    path = name.encode() if isinstance(name, str) else name
    head = b"XBSTCK01" + struct.pack("<BcI", flags, kind, len(path)) + path
    if kind == b"E":
        return head
    hole_map = b"".join(struct.pack("<II", *pair) for pair in holes or ())
    count = b"" if holes is None else struct.pack("<I", len(holes))
    found = zlib.crc32(hole_map + data) if checksum is None else checksum
    return head + count + struct.pack("<QQI", len(data), offset, found) + hole_map + data


def xbstream(files: Mapping[str, bytes]) -> bytes:
    """Return a stream of whole files, one after the other."""
    return b"".join(chunk(name, b"P", data) + chunk(name, b"E") for name, data in files.items())
