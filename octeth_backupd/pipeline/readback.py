"""Reading a finished archive back: checksum, decompression and listing in one pass."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.hashing import HashingReader

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

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
        files: Member path → size of each regular file; None when only hashed, or no tar archive.
        texts: Name → content of the small files that were asked for.
    """

    sha256: str
    size_bytes: int
    files: Mapping[str, int] | None
    texts: Mapping[str, str] = field(default_factory=dict)


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


def read_back(
    source: BinaryIO, compressor: Decompressor, *, cancellation: Cancellation, wanted: Collection[str] = ()
) -> ReadBack:
    """Read an archive, decompress it and list its members, all in one pass.

    Args:
        source: The archive.
        compressor: Reads its compression.
        cancellation: Looked at while reading.
        wanted: Names, without directories, of files whose content is kept; those above 1 MiB are not.

    Raises:
        VerificationError: It is damaged, cut, or no tar archive.
        BackupdError: The token's reason.
    """
    reader = HashingReader(source, cancellation=cancellation)
    buffered = io.BufferedReader(reader, READ_BYTES)
    texts: dict[str, str] = {}
    with compressor.open(buffered) as plain:
        files = _list_members(plain, wanted, texts)
        read_padding(plain)
    reader.drain()
    return ReadBack(sha256=reader.hexdigest(), size_bytes=reader.read_bytes, files=files, texts=texts)


def read_through(source: BinaryIO, compressor: Decompressor, *, cancellation: Cancellation) -> ReadBack:
    """Read and decompress an archive that is no tar, such as an xbstream, without looking into it.

    Raises:
        VerificationError: It is damaged, cut or empty.
        BackupdError: The token's reason.
    """
    reader = HashingReader(source, cancellation=cancellation)
    buffer = bytearray(READ_BYTES)
    plain_bytes = 0
    with compressor.open(io.BufferedReader(reader, READ_BYTES)) as plain:
        while count := plain.readinto(buffer):  # type: ignore[attr-defined]
            plain_bytes += count
    if not plain_bytes:
        raise VerificationError("the archive is empty", hint="Take a new backup.")
    reader.drain()
    return ReadBack(sha256=reader.hexdigest(), size_bytes=reader.read_bytes, files=None)


def _list_members(plain: BinaryIO, wanted: Collection[str], texts: dict[str, str]) -> dict[str, int]:
    files: dict[str, int] = {}
    reader = ForwardReader(plain)
    try:
        with tarfile.open(fileobj=reader, mode="r:") as archive:
            for member in archive:
                if member.name in files:
                    raise VerificationError(f"the archive holds {member.name!r} twice", hint="Take a new backup.")
                if member.isreg():
                    files[member.name] = member.size
                    name = PurePosixPath(member.name).name
                    content = archive.extractfile(member) if name in wanted and member.size <= READ_BYTES else None
                    if content is not None:
                        texts[name] = content.read().decode("utf-8", "replace")
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

    The one step back that it takes, to the last byte of a member that was read whole, is kept ready.

    tarfile's own stream mode copies every byte several times; this is twice as fast. A header may claim any length, and
    tarfile would read it into memory: more than ``READ_BYTES`` at a time are refused.
    """

    def __init__(self, plain: BinaryIO) -> None:
        self.last_read = b""
        self._plain = plain
        self._position = 0
        self._again = b""
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
        data, self._again = self._again[:size], self._again[size:]
        while len(data) < size and (more := self._plain.read(size - len(data))):
            data += more
        self._position += len(data)
        self.last_read = data
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go forward, at most to the end."""
        if whence == os.SEEK_SET and offset == self._position - 1 and self.last_read and not self._again:
            self._again = self.last_read[-1:]
            self._position = offset
        if whence != os.SEEK_SET or offset < self._position:
            raise io.UnsupportedOperation("this stream only goes forward")
        if self._again and offset > self._position:
            self._again = b""
            self._position += 1
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
