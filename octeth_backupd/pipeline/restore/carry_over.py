"""Copying what belongs to the server rather than to its data into the directory that takes the data's place."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.restore.attributes import give_attributes, read_attributes
from octeth_backupd.process.files import remove_tree, translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NEW_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def carry_over(present: Path, staged: Path, names: Iterable[str]) -> tuple[str, ...]:
    """Copy files and directories with their owner, mode, access list and label; never move them.

    What lies under the same name in ``staged`` is replaced, so that it may be repeated. Links are copied as links.

    Args:
        present: The present data directory, with or without a running server.
        staged: What takes its place.
        names: Paths relative to both, as ``domain.restore.carry_over.carried_names`` returns them.

    Returns:
        Those that were there.

    Raises:
        StorageError: One cannot be copied, or is neither a file nor a directory nor a link.
        SpaceError: The disk is full.
    """
    return tuple(name for name in names if _carry(present, staged, name))


def _carry(present: Path, staged: Path, name: str) -> bool:
    source, target = present / name, staged / name
    if not os.path.lexists(source):
        return False
    _make_parents(present, staged, name)
    _remove(target, beneath=staged)
    _copy(source, target)
    return True


def _make_parents(present: Path, staged: Path, name: str) -> None:
    for parent in reversed((staged / name).relative_to(staged).parents):
        directory = staged / parent
        with translated_os_errors(directory):
            if directory.is_dir() and not directory.is_symlink():
                continue
            directory.mkdir(mode=0o700)
        give_attributes(directory, read_attributes(present / parent))


def _remove(path: Path, *, beneath: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        remove_tree(path, beneath=beneath)
    else:
        with translated_os_errors(path):
            path.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    with translated_os_errors(source):
        mode = os.lstat(source).st_mode
    with translated_os_errors(target):
        if stat.S_ISLNK(mode):
            target.symlink_to(source.readlink())
        elif stat.S_ISDIR(mode):
            target.mkdir(mode=0o700)
            for entry in sorted(source.iterdir()):
                _copy(entry, target / entry.name)
        elif stat.S_ISREG(mode):
            _copy_content(source, target)
        else:
            raise StorageError(
                f"{source} is neither a file nor a directory nor a link",
                hint="It is to be carried over into the restored data; move it away.",
            )
    give_attributes(target, read_attributes(source))


def _copy_content(source: Path, target: Path) -> None:
    descriptor = os.open(target, _NEW_FILE_FLAGS, 0o600)
    with os.fdopen(descriptor, "wb") as copy, source.open("rb") as original:
        shutil.copyfileobj(original, copy)
        copy.flush()
        os.fsync(copy.fileno())
