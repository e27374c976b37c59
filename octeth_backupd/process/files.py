"""Files that appear whole or not at all, directories, and how much room there is."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, SpaceError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_HARD_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystemSpace:
    """Room on a file system, in bytes.

    Attributes:
        free: What this process may still write: for root, too, without the blocks reserved for root.
        used_percent: As ``df`` says it: used of used and available.
        device: ``st_dev``, which tells file systems apart.
    """

    total: int
    free: int
    used_percent: float
    device: int


def write_whole(
    path: Path, content: str | bytes, *, mode: int = 0o600, owner: tuple[int, int] | None = None, replace: bool
) -> None:
    """Write a file that appears whole or not at all, and is on the disk when this returns.

    Args:
        path: Its directory exists.
        content: Text is written as UTF-8.
        mode: Permissions, whatever the umask.
        owner: User and group, by number; None: this process's.
        replace: Replace what is there; otherwise that is an error.

    Raises:
        StorageError: It exists already, or cannot be written.
        SpaceError: The file system is full.
    """
    data = content.encode() if isinstance(content, str) else content
    partial = path.with_name(f".{path.name}.partial")
    with translated_os_errors(path):
        try:
            _write_synced(partial, data, mode, owner)
            if replace:
                partial.replace(path)
            else:
                publish(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)


def publish(partial: Path, path: Path) -> None:
    """Give a finished file its name, never that of another.

    Raises:
        StorageError: There is a file of that name.
    """
    with translated_os_errors(path):
        try:
            path.hardlink_to(partial)
        except OSError as error:
            if error.errno not in _NO_HARD_LINKS:
                raise
            # A file system without hard links: looking first is the best there is.
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from error
            partial.rename(path)
        else:
            partial.unlink()


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Make a directory and its parents; those that exist stay as they are.

    Raises:
        StorageError: Something else is there, or it may not be made.
        SpaceError: The file system is full.
    """
    with translated_os_errors(path):
        missing = [ancestor for ancestor in (path, *path.parents) if not ancestor.exists()]
        for directory in reversed(missing):
            directory.mkdir(exist_ok=True)
            directory.chmod(mode)
            sync_directory(directory.parent)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def sync_directory(path: Path) -> None:
    """Put a directory's entries on the disk.

    Raises:
        StorageError: It cannot be opened.
    """
    with translated_os_errors(path):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # some network file systems cannot
                raise
        finally:
            os.close(descriptor)


def free_bytes(path: Path) -> FileSystemSpace:
    """Return the room on the file system that holds a path, or would hold it once it exists.

    Raises:
        StorageError: It cannot be asked.
    """
    with translated_os_errors(path):
        existing = next(ancestor for ancestor in (path, *path.parents) if ancestor.exists())
        facts = os.statvfs(existing)
        device = existing.stat().st_dev
    used = (facts.f_blocks - facts.f_bfree) * facts.f_frsize
    available = facts.f_bavail * facts.f_frsize
    return FileSystemSpace(
        total=facts.f_blocks * facts.f_frsize,
        free=available,
        used_percent=100 * used / (used + available) if used + available else 100.0,
        device=device,
    )


def tree_bytes(path: Path) -> int:
    """Return the sizes of all files beneath a directory, summed; 0 when there is none.

    Files and directories may come and go meanwhile; symbolic links are not followed.
    """
    total = 0
    waiting = [str(path)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        elif entry.is_file(follow_symlinks=False):
                            total += entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
        except (FileNotFoundError, NotADirectoryError):
            continue
    return total


def remove_tree(path: Path, *, beneath: Path) -> None:
    """Remove a directory with all that is in it; nothing happens when it is not there.

    Args:
        path: What to remove; absolute.
        beneath: The directory that it must lie in, at any depth: a wrong path removes nothing.

    Raises:
        StorageError: It does not lie there, is a symbolic link, or cannot be removed.
    """
    root = beneath.resolve()
    real = path.parent.resolve() / path.name
    if not path.is_absolute() or path.name in {"", ".", ".."} or root not in real.parents:
        raise StorageError(f"refused to remove {path}: it does not lie beneath {beneath}")
    if real.is_symlink():
        raise StorageError(f"refused to remove {path}: it is a symbolic link")
    with translated_os_errors(path):
        try:
            shutil.rmtree(real)
        except FileNotFoundError:
            if os.path.lexists(real):
                raise


@contextmanager
def translated_os_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's errors within a block into ours; they name the path and what to do.

    Raises:
        SpaceError: The file system is full, or a quota reached.
        StorageError: Everything else.
    """
    try:
        yield
    except BackupdError:
        raise
    except FileExistsError as error:
        raise StorageError(f"{path} exists already", hint="Move it away; files are never overwritten.") from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        if error.errno in _NO_SPACE:
            raise SpaceError(
                f"no space left for {path}", hint="Free space on its file system, or raise the quota.", retryable=True
            ) from error
        raise StorageError(f"{path}: {reason.lower()}", hint=_hint(error)) from error


def _hint(error: OSError) -> str:
    match error.errno:
        case errno.EROFS:
            return "The file system is mounted read-only; look for errors in the kernel's log, then remount it."
        case errno.EACCES | errno.EPERM:
            return "Give the daemon's user write access to it; a unit's sandbox needs it in ReadWritePaths=."
        case errno.ENOENT:
            return "Create the directory that is missing, or correct the path in the configuration."
        case errno.EIO:
            return "The disk reports an error; look into the kernel's log."
        case _:
            return ""


def _write_synced(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None) -> None:
    # A file of our own: a link, pipe or file that another user planted under the partial's name must not lead the write
    # elsewhere, block it, or leave him the owner. What a crash left goes the same way.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, mode)
    except FileExistsError:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, flags, mode)
    with os.fdopen(descriptor, "wb") as file:
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
