"""Reading a finished archive back: checksum, decompression and listing in one pass."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.hashing import HashingReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.compression.base import Decompressor
    from octeth_backupd.process.cancellation import Cancellation

READ_BYTES = 1 << 20
END_MARK = bytes(tarfile.BLOCKSIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBack:
    """What reading an archive found.

    Attributes:
        sha256: Digest of the archive's bytes.
        size_bytes: Bytes of the archive.
        files: Member path → size of each regular file; None when only hashed.
    """

    sha256: str
    size_bytes: int
    files: Mapping[str, int] | None


def listing_digest(files: Mapping[str, int]) -> str:
    r"""Return the SHA-256 over a listing, so that a manifest can hold it in one line.

    Lines are ``<size> <path>\n``, sorted by path, in UTF-8; paths are relative to the archive's top directory.
    """
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{files[path]} {path}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def hash_archive(source: BinaryIO, *, cancellation: Cancellation) -> ReadBack:
    """Read an archive for its checksum only."""
    reader = HashingReader(source, cancellation=cancellation)
    reader.drain()
    return ReadBack(sha256=reader.hexdigest(), size_bytes=reader.read_bytes, files=None)


def read_back(source: BinaryIO, compressor: Decompressor, *, cancellation: Cancellation) -> ReadBack:
    """Read an archive, decompress it and list its members, all in one pass.

    Raises:
        VerificationError: It is damaged, cut, or no tar archive.
        BackupdError: The token's reason.
    """
    reader = HashingReader(source, cancellation=cancellation)
    buffered = io.BufferedReader(reader, READ_BYTES)
    with compressor.open(buffered) as plain:
        files = _list_members(plain)
        read_padding(plain)
    reader.drain()
    return ReadBack(sha256=reader.hexdigest(), size_bytes=reader.read_bytes, files=files)


def decompress_archive(source: BinaryIO, compressor: Decompressor, *, cancellation: Cancellation) -> ReadBack:
    """Read an archive and decompress it, whatever is in it.

    Raises:
        VerificationError: Its compression is damaged or cut.
        BackupdError: The token's reason.
    """
    reader = HashingReader(source, cancellation=cancellation)
    with compressor.open(io.BufferedReader(reader, READ_BYTES)) as plain:
        while plain.read(READ_BYTES):
            continue
    reader.drain()
    return ReadBack(sha256=reader.hexdigest(), size_bytes=reader.read_bytes, files=None)


def _list_members(plain: BinaryIO) -> dict[str, int]:
    files: dict[str, int] = {}
    reader = ForwardReader(plain)
    try:
        with tarfile.open(fileobj=reader, mode="r:") as archive:
            for member in archive:
                if member.name in files:
                    raise VerificationError(f"the archive holds {member.name!r} twice", hint="Take a new backup.")
                if member.isreg():
                    files[member.name] = member.size
                elif not member.isdir():
                    raise VerificationError(
                        f"the archive holds {member.name!r}, which is neither a file nor a directory",
                        hint="A data directory holds no links or devices; look at the server's data directory.",
                    )
    except (tarfile.TarError, ValueError, OverflowError) as exc:  # the last two: a header with impossible numbers
        raise VerificationError(f"the archive is no whole tar file: {exc}", hint="Take a new backup.") from exc
    if reader.last_read != END_MARK:
        # tarfile takes a damaged header, and a file that ends between two members, for the end.
        raise VerificationError("the archive is no whole tar file: its end mark is missing", hint="Take a new backup.")
    return files


class ForwardReader(io.RawIOBase):
    """Let tarfile skip members of a stream: seeking forward reads into one buffer and forgets.

    tarfile's own stream mode copies every byte several times; this is twice as fast. A header may claim any length, and
    tarfile would read it into memory: more than ``READ_BYTES`` at a time are refused.
    """

    def __init__(self, plain: BinaryIO) -> None:
        self.last_read = b""
        self._plain = plain
        self._position = 0
        self._buffer = memoryview(bytearray(READ_BYTES))

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes: forward."""
        return True

    def tell(self) -> int:
        """Return how far it has come."""
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Return ``size`` bytes, fewer only at the end.

        Raises:
            VerificationError: That is more than any header needs.
        """
        if size > READ_BYTES:
            raise VerificationError(
                f"the archive holds a header of {size} bytes", hint="Do not use it; find out who wrote it."
            )
        data = b""
        while len(data) < size and (more := self._plain.read(size - len(data))):
            data += more
        self._position += len(data)
        self.last_read = data
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go forward, at most to the end."""
        if whence != os.SEEK_SET or offset < self._position:
            raise io.UnsupportedOperation("this stream only goes forward")
        while self._position < offset:
            wanted = min(offset - self._position, READ_BYTES)
            count = self._plain.readinto(self._buffer[:wanted])  # type: ignore[attr-defined]
            if not count:
                break
            self._position += count
        return self._position


def read_padding(plain: BinaryIO) -> None:
    """Read what follows the end mark; anything but zeros is a second, hidden archive."""
    while data := plain.read(READ_BYTES):
        if data.strip(b"\0"):
            raise VerificationError("the archive goes on after the end of its tar file", hint="Take a new backup.")


def forget_cached_pages(source: BinaryIO) -> None:
    """Ask the kernel to drop the file's pages from its cache, so that the next read comes from the disk."""
    os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
