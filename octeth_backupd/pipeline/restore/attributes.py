"""Owner, mode and extended attributes of a file or directory: read from one, given to another, never through a link.

Access control lists and SELinux labels are extended attributes.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ACL_NAMES = frozenset({"system.posix_acl_access", "system.posix_acl_default"})
_COPIED_PREFIXES = ("user.", "security.selinux", "system.posix_acl_")
_NOT_SUPPORTED = frozenset({errno.EOPNOTSUPP, errno.ENOSYS})
_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What a file has beside its content.

    Attributes:
        mode: Permission bits alone.
        extended: Name → value; of the kinds that belong to a file wherever it lies.
    """

    user_id: int
    group_id: int
    mode: int
    extended: Mapping[str, bytes] = field(default_factory=dict)


def read_attributes(path: Path) -> Attributes:
    """Return the attributes of a file or directory; for a symbolic link, its own.

    Raises:
        StorageError: It is not there, or cannot be read.
    """
    with translated_os_errors(path):
        status = os.lstat(path)
        extended = {} if stat.S_ISLNK(status.st_mode) else _read_extended(path)
    return Attributes(
        user_id=status.st_uid, group_id=status.st_gid, mode=stat.S_IMODE(status.st_mode), extended=extended
    )


def give_attributes(path: Path, attributes: Attributes) -> None:
    """Give a file or directory these attributes, and take away lists of access that it has inherited.

    A symbolic link only gets the owner.

    Raises:
        StorageError: It cannot be changed.
    """
    with translated_os_errors(path):
        if path.is_symlink():
            os.lchown(path, attributes.user_id, attributes.group_id)
            return
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            os.fchown(descriptor, attributes.user_id, attributes.group_id)
            for name in _listed(descriptor):
                if name in _ACL_NAMES and name not in attributes.extended:
                    os.removexattr(descriptor, name)
            # Before the lists of access: these change the group's bits themselves.
            os.fchmod(descriptor, attributes.mode)
            for name, value in attributes.extended.items():
                os.setxattr(descriptor, name, value)
        finally:
            os.close(descriptor)


def _read_extended(path: Path) -> dict[str, bytes]:
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        return {
            name: os.getxattr(descriptor, name) for name in _listed(descriptor) if name.startswith(_COPIED_PREFIXES)
        }
    finally:
        os.close(descriptor)


def _listed(descriptor: int) -> list[str]:
    try:
        return os.listxattr(descriptor)
    except OSError as error:
        if error.errno in _NOT_SUPPORTED:
            return []
        raise
