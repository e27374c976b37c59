"""What an archive may hold: files and directories beneath the place it is unpacked in, and nothing else.

An archive is not trusted. Python's own check for this (``tarfile.data_filter``) is missing in Debian 12's 3.11.2.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath

from octeth_backupd.errors import VerificationError

LONGEST_PATH_BYTES = 4095
LONGEST_NAME_BYTES = 255
DEEPEST_PATH = 64
"""Directories within each other; a data directory has two. What walks and removes trees calls itself for each."""
_HINT = "No backup of a data directory holds this; do not use the archive, and find out who wrote it."


class MemberKind(StrEnum):
    """What a member is; the value is the word for it."""

    FILE = "a file"
    DIRECTORY = "a directory"
    SYMBOLIC_LINK = "a symbolic link"
    HARD_LINK = "a hard link"
    DEVICE = "a device"
    FIFO = "a named pipe"
    UNKNOWN = "something unknown"


def check_member(name: str, kind: MemberKind, linkname: str = "") -> PurePosixPath:
    """Return a member's path, relative to the top of the archive; without parts for the top itself.

    Args:
        name: As the archive spells it.
        kind: Only files and directories are let in.
        linkname: Where a link leads, for the message.

    Raises:
        VerificationError: It is absolute, leads upwards, is too long or too deep, or is neither a file nor a directory.
    """
    if kind not in {MemberKind.FILE, MemberKind.DIRECTORY}:
        leading = f" to {linkname!r}" if linkname else ""
        raise VerificationError(f"the archive holds {name!r}, {kind}{leading}", hint=_HINT)
    path = PurePosixPath(name)
    if path.is_absolute():
        raise VerificationError(f"the archive holds {name!r}, an absolute path", hint=_HINT)
    if ".." in path.parts:
        raise VerificationError(f"the archive holds {name!r}, which leads out of it", hint=_HINT)
    if "\0" in name or (kind is MemberKind.FILE and not path.parts):
        raise VerificationError(f"the archive holds {name!r}, which is no path", hint=_HINT)
    if len(path.parts) > DEEPEST_PATH:
        raise VerificationError(f"the archive holds a path of {len(path.parts)} parts: {name[:80]!r}…", hint=_HINT)
    lengths = [len(part.encode("utf-8", "surrogateescape")) for part in path.parts]
    if sum(lengths) + len(lengths) > LONGEST_PATH_BYTES or max(lengths, default=0) > LONGEST_NAME_BYTES:
        raise VerificationError(f"the archive holds a path that is too long: {name[:80]!r}…", hint=_HINT)
    return path
