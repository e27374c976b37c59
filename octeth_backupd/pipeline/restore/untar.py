"""Unpacking a tar stream: one pass, every member checked, the one directory at its top left away."""

from __future__ import annotations

import tarfile
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, BinaryIO

from octeth_backupd.domain.restore.members import MemberKind, check_member
from octeth_backupd.errors import VerificationError
from octeth_backupd.pipeline.readback import END_MARK, READ_BYTES, ForwardReader, read_padding

if TYPE_CHECKING:
    from octeth_backupd.pipeline.restore.landing import Landing

_HINT = "Use another backup; this one is cut or damaged."


def untar(plain: BinaryIO, landing: Landing) -> None:
    """Unpack a tar stream to its end.

    The first member decides: when it is a directory, all others must lie in it, and it is left away (a backup's own
    ``octeth-backup-<time>/``). An archive that begins with ``./`` or a file is taken as it is.

    Raises:
        VerificationError: It is damaged, cut or no tar archive, or holds what no backup holds.
        SpaceError: The disk is full.
    """
    reader = ForwardReader(plain)
    top: PurePosixPath | None = None
    try:
        with tarfile.open(fileobj=reader, mode="r:", encoding="utf-8") as archive:
            for member in archive:
                path = check_member(member.name, _kind(member), member.linkname)
                if top is None:
                    top = _top_of(path, member)
                inner = _without(top, path)
                if member.isdir():
                    landing.make_directory(inner)
                else:
                    content = archive.extractfile(member)
                    if content is None:
                        raise VerificationError(f"{member.name!r} of the archive cannot be read", hint=_HINT)
                    _write(content, inner, landing)
    except (tarfile.TarError, ValueError, OverflowError, RecursionError) as exc:
        # The others: headers with impossible numbers, and thousands of headers for one member.
        raise VerificationError(f"the archive is no whole tar file: {exc}", hint=_HINT) from exc
    if reader.last_read != END_MARK:
        # tarfile takes a damaged header, and a file that ends between two members, for the end.
        raise VerificationError("the archive is no whole tar file: its end mark is missing", hint=_HINT)
    read_padding(plain)
    if not landing.file_count:
        raise VerificationError("the archive is empty: it holds no file", hint=_HINT)


def _top_of(path: PurePosixPath, member: tarfile.TarInfo) -> PurePosixPath:
    if not path.parts or (len(path.parts) == 1 and not member.isdir()):
        return PurePosixPath()
    return PurePosixPath(path.parts[0])


def _without(top: PurePosixPath, path: PurePosixPath) -> PurePosixPath:
    if not path.is_relative_to(top):
        raise VerificationError(
            f"the archive holds {str(path)!r} beside {str(top)!r}: it must have one directory at its top",
            hint="Pack the backup's directory as a whole: tar -cf ARCHIVE -C PARENT DIRECTORY.",
        )
    return path.relative_to(top)


def _write(content: IO[bytes], path: PurePosixPath, landing: Landing) -> None:
    buffer = memoryview(bytearray(READ_BYTES))
    file = landing.make_file(path)
    try:
        while count := content.readinto(buffer):  # type: ignore[attr-defined]
            file.write(buffer[:count])
        file.finish()
    finally:
        file.abandon()


def _kind(member: tarfile.TarInfo) -> MemberKind:
    if member.isreg():
        return MemberKind.FILE
    if member.isdir():
        return MemberKind.DIRECTORY
    if member.issym():
        return MemberKind.SYMBOLIC_LINK
    if member.islnk():
        return MemberKind.HARD_LINK
    if member.isfifo():
        return MemberKind.FIFO
    return MemberKind.DEVICE if member.isdev() else MemberKind.UNKNOWN
