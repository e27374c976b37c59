"""Streams that hash and count what passes, so that no byte is read twice for its checksum."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any, BinaryIO

from octeth_backupd.errors import BackupdError

if TYPE_CHECKING:
    from octeth_backupd.process.cancellation import Cancellation


class HashingWriter:
    """Write to a file while computing its SHA-256; hashlib works outside the interpreter's lock."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()
        self.written_bytes = 0

    def write(self, data: bytes, /) -> int:
        """Write all of ``data`` and hash it."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._sink.write(rest) :]
        self._hash.update(data)
        self.written_bytes += len(data)
        return len(data)

    def hexdigest(self) -> str:
        """Return the digest of what was written so far, in hex."""
        return self._hash.hexdigest()


class HashingReader(io.RawIOBase):
    """Read from a file while computing the SHA-256 of what was read.

    Attributes:
        read_bytes: So far; any thread may ask.
        failure: Why the file could not be read on; None: it could. To a program that decompresses, such an end looks
            like that of the file, and what it says then is not the reason.
    """

    def __init__(self, source: BinaryIO, *, cancellation: Cancellation) -> None:
        self._source = source
        self._cancellation = cancellation
        self._hash = hashlib.sha256()
        self.read_bytes = 0
        self.failure: BackupdError | None = None

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill ``buffer`` and hash what was filled."""
        self._cancellation.raise_if_cancelled()
        view = memoryview(buffer).cast("B")
        try:
            count = self._source.readinto(view)  # type: ignore[attr-defined]
        except BackupdError as exc:
            self.failure = exc
            raise
        self._hash.update(view[:count])
        self.read_bytes += count
        return int(count)

    def drain(self) -> None:
        """Read to the end, so that the digest covers the whole file."""
        buffer = bytearray(1 << 20)
        while self.readinto(buffer):
            pass

    def hexdigest(self) -> str:
        """Return the digest of what was read so far, in hex."""
        return self._hash.hexdigest()
