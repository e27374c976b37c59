"""Change the places of directories: the system calls that Python does not have, and whether they work somewhere."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import tempfile
from pathlib import Path

from octeth_backupd.process.files import sync_directory, translated_os_errors

_AT_FDCWD = -100
_NOREPLACE = 1
_EXCHANGE = 2
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_NOT_EXCHANGED = _UNSUPPORTED | {errno.EXDEV, errno.EBUSY}
_TRIAL_PREFIX = ".octeth-backupd-trial-"
_ESCAPE = re.compile(r"\\([0-7]{3})")


def exchange(first: Path, second: Path) -> None:
    """Let two names on one file system change places, in one step.

    Raises:
        StorageError: One does not exist, is a mount point, or the file system cannot do it. Nothing has changed then.

    Source:
        rename(2), "RENAME_EXCHANGE".
    """
    with translated_os_errors(first):
        _rename(first, second, _EXCHANGE)


def move(source: Path, target: Path) -> None:
    """Rename within a file system, never onto something that is there.

    Where the file system cannot promise that, looking first is the best there is: fine while nobody else writes there.

    Raises:
        StorageError: There is something, or it cannot be renamed.

    Source:
        rename(2), "RENAME_NOREPLACE".
    """
    with translated_os_errors(target):
        try:
            _rename(source, target, _NOREPLACE)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
            source.rename(target)


def can_exchange(directory: Path) -> bool:
    """Return whether directories within this one can be exchanged, by a trial that leaves nothing behind.

    Raises:
        StorageError: It cannot be written at all: read-only, or not there.
        SpaceError: The file system is full.
    """
    with translated_os_errors(directory):
        sibling = Path(tempfile.mkdtemp(prefix=_TRIAL_PREFIX, dir=directory))
        room = sibling.with_name(f"{sibling.name}-room")
        within = room / "new"
        try:
            room.mkdir(mode=0o700)
            within.mkdir(mode=0o700)
            was = within.stat().st_ino
            try:
                _rename(sibling, within, _EXCHANGE)
            except OSError as error:
                if error.errno not in _NOT_EXCHANGED:
                    raise
                return False
            return sibling.stat().st_ino == was
        finally:
            for made in (within, room, sibling):
                with contextlib.suppress(FileNotFoundError):
                    made.rmdir()


def sync_file_system(path: Path) -> None:
    """Put everything that was written to the file system of a path on its disk.

    Raises:
        StorageError: It cannot be opened, or the disk reports an error.

    Source:
        syncfs(2).
    """
    with translated_os_errors(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc().syncfs(descriptor) != 0:
                raise _last_error(path)
        finally:
            os.close(descriptor)


def sync_directories(*paths: Path) -> None:
    """Put the entries of directories on the disk.

    Raises:
        StorageError: One cannot be opened.
    """
    for path in paths:
        sync_directory(path)


def is_mount_point(path: Path, mountinfo: str | None = None) -> bool:
    r"""Return whether something is mounted on a path, also when it is a directory of the same file system.

    Args:
        path: Absolute, without symbolic links.
        mountinfo: Content of ``/proc/self/mountinfo``; None: the present one.

    Source:
        proc_pid_mountinfo(5): the fifth field is the mount point; a space within it is written ``\040``.
    """
    text = Path("/proc/self/mountinfo").read_text(errors="surrogateescape") if mountinfo is None else mountinfo
    points = (fields[4] for line in text.splitlines() if len(fields := line.split(" ")) > 4)
    return any(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), point) == str(path) for point in points)


def _rename(source: Path, target: Path, flags: int) -> None:
    try:
        call = _libc().renameat2
    except AttributeError as error:  # a C library older than the system call
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(source)) from error
    if call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(flags)) != 0:
        raise _last_error(source)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _last_error(path: Path) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), str(path))
