"""Unpacking an xbstream: one pass, every chunk's checksum compared, every path checked.

``xbstream -x`` and ``mbstream -x`` are not used: they say nothing of a file that exists, of an empty stream, or of one
that was cut between two files; and the host of a container may have neither.

Source:
    Percona XtraBackup, ``storage/innobase/xtrabackup/src/xbstream_read.cc`` and ``xbstream.cc``, and its description
    of the format: ``XBSTCK01``, flags (1), type (1), length of the path (4), path; for payload: length (8), offset (8),
    CRC-32 (4), data; for sparse payload also the number of (skip, length) pairs before the length, and the pairs
    before the data. All numbers are little-endian.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.domain.restore.members import LONGEST_PATH_BYTES, MemberKind, check_member
from octeth_backupd.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import PurePosixPath

    from octeth_backupd.pipeline.restore.landing import Landing, NewFile

_MAGIC = b"XBSTCK01"
_HEAD = struct.Struct("<8sBcI")
_PAYLOAD = struct.Struct("<QQI")
_COUNT = struct.Struct("<I")
_SPARSE_ENTRY = struct.Struct("<II")
_IGNORABLE = 0x01
_READ_BYTES = 1 << 20
_MOST_OPEN_FILES = 512
_MOST_SPARSE_ENTRIES = 1 << 20
_HINT = "Use another backup; this one is cut or damaged."


def unpack_xbstream(plain: BinaryIO, landing: Landing) -> None:
    """Unpack an xbstream to its end.

    The format has no mark at its end: a stream that was cut right after a file looks whole, and only the engine's last
    file shows that it is.

    Raises:
        VerificationError: It is damaged, cut or no xbstream, or holds what no backup holds.
        SpaceError: The disk is full.
    """
    reader = _Unpacking(plain, landing)
    try:
        while reader.take_chunk():
            pass
        reader.finish()
    finally:
        reader.close()


class _Unpacking:
    def __init__(self, plain: BinaryIO, landing: Landing) -> None:
        self._plain = plain
        self._landing = landing
        self._open: dict[PurePosixPath, NewFile] = {}
        self._has_ended = False

    def take_chunk(self) -> bool:
        """Unpack one chunk; return False at the end of the stream."""
        head = self._plain.read(_HEAD.size)
        if not head:
            return False
        if len(head) < _HEAD.size:
            raise _cut()
        magic, flags, kind, path_length = _HEAD.unpack(head)
        if magic != _MAGIC:
            raise VerificationError("the archive is no xbstream, or a damaged one", hint=_HINT)
        if path_length > LONGEST_PATH_BYTES:
            raise VerificationError(f"the archive holds a path of {path_length} bytes", hint=_HINT)
        name = self._exactly(path_length).decode("utf-8", "surrogateescape")
        match kind:
            case b"P" | b"S":
                self._take_payload(self._file(name), is_sparse=kind == b"S")
            case b"E":
                path = check_member(name, MemberKind.FILE)
                self._file(name).finish()
                del self._open[path]
            case _ if flags & _IGNORABLE:
                self._take_ignorable()
            case _:
                raise VerificationError(f"the archive holds a chunk of unknown kind {kind!r}", hint=_HINT)
        return True

    def finish(self) -> None:
        """Say that the stream is over; every file must have ended."""
        if self._open:
            raise _cut()
        if not self._landing.file_count:
            raise VerificationError("the archive is empty: it holds no file", hint=_HINT)

    def close(self) -> None:
        """Close what an error has left open."""
        for file in self._open.values():
            file.abandon()

    def _file(self, name: str) -> NewFile:
        path = check_member(name, MemberKind.FILE)
        if path not in self._open:
            if len(self._open) >= _MOST_OPEN_FILES:
                raise VerificationError(f"the archive holds more than {_MOST_OPEN_FILES} unfinished files", hint=_HINT)
            self._open[path] = self._landing.make_file(path)
        return self._open[path]

    def _take_payload(self, file: NewFile, *, is_sparse: bool) -> None:
        entries = _COUNT.unpack(self._exactly(_COUNT.size))[0] if is_sparse else 0
        length, offset, checksum = _PAYLOAD.unpack(self._exactly(_PAYLOAD.size))
        if offset != file.position:
            raise VerificationError(
                f"the archive is damaged: data for offset {offset} of a file comes at {file.position}", hint=_HINT
            )
        if entries > _MOST_SPARSE_ENTRIES:
            raise VerificationError(f"the archive holds a map of {entries} holes", hint=_HINT)
        hole_map = self._exactly(entries * _SPARSE_ENTRY.size)
        pieces = list(_SPARSE_ENTRY.iter_unpack(hole_map)) if is_sparse else [(0, length)]
        if sum(size for _, size in pieces) != length:
            raise VerificationError("the archive is damaged: a map of holes does not fit its data", hint=_HINT)
        found = zlib.crc32(hole_map)
        for skip, size in pieces:
            file.skip(skip)
            for data in self._pieces(size):
                found = zlib.crc32(data, found)
                file.write(data)
        if found != checksum:
            raise VerificationError("the archive is damaged: a chunk has another checksum", hint=_HINT)

    def _take_ignorable(self) -> None:
        length, _, _ = _PAYLOAD.unpack(self._exactly(_PAYLOAD.size))
        for _data in self._pieces(length):
            continue

    def _pieces(self, length: int) -> Iterator[bytes]:
        while length:
            data = self._exactly(min(length, _READ_BYTES))
            length -= len(data)
            yield data

    def _exactly(self, length: int) -> bytes:
        data = self._plain.read(length)
        if len(data) < length:
            raise _cut()
        return data


def _cut() -> VerificationError:
    return VerificationError("the archive is cut: it ends in the middle of a file", hint=_HINT)
