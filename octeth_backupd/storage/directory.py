"""The directory that local backups lie in: is it there, is it the right one, and where in it is a key."""

from __future__ import annotations

import os
from pathlib import Path

from octeth_backupd.errors import StorageError
from octeth_backupd.process.files import make_directory, translated_os_errors
from octeth_backupd.storage.keys import check_key
from octeth_backupd.storage.mounts import missing_mount


class DirectoryMissingError(StorageError):
    """The directory, or the mount that it lies on, is not there."""


class BackupDirectory:
    """A directory that may be a mount, or lie on one.

    Nothing is read or written while that mount is missing: the disk beneath it is not the one that was meant, and its
    emptiness does not mean that backups are gone.
    """

    def __init__(self, path: Path, *, fstab: Path = Path("/etc/fstab")) -> None:
        self.path = path
        self._fstab = fstab

    def make(self) -> None:
        """Make the directory when only it is missing, not its parents.

        Raises:
            StorageError: Its mount or its parent is missing, or it cannot be made.
        """
        self._require_mount()
        if _is_directory(self.path):
            return
        if not _is_directory(self.path.parent):
            raise StorageError(
                f"the backup directory {self.path} does not exist, nor does {self.path.parent}",
                hint=f"Mount what belongs there, or make it: install -d -m 0700 {self.path}",
            )
        make_directory(self.path, 0o700)

    def require(self) -> None:
        """Raise unless the directory is there.

        Raises:
            DirectoryMissingError: It, or its mount, is missing.
            StorageError: It cannot be asked.
        """
        self._require_mount()
        if not _is_directory(self.path):
            raise DirectoryMissingError(
                f"the backup directory {self.path} does not exist",
                hint="Mount what belongs there, or correct [local] directory in the configuration.",
                retryable=True,
            )

    def locate(self, key: str) -> Path:
        """Return the path of a key; no symbolic link on the way leads out of the directory.

        Raises:
            StorageError: It is no key, leads out, or the directory is missing.
        """
        check_key(key)
        self.require()
        path = self.path / key
        if not path.parent.resolve().is_relative_to(self.path.resolve()):
            raise StorageError(
                f"{key} leads out of {self.path}",
                hint="Replace the symbolic link on its way by a directory or a bind mount.",
            )
        return path

    def _require_mount(self) -> None:
        try:
            fstab = self._fstab.read_text(errors="replace")
        except OSError:
            return  # a host without fstab mounts in other ways; a missing directory still shows
        point = missing_mount(self.path.absolute(), fstab, is_mount=os.path.ismount)
        if point is not None:
            raise DirectoryMissingError(
                f"nothing is mounted on {point}, where {self.path} lies",
                hint=f"Mount it (mount {point}), or take it out of /etc/fstab.",
                retryable=True,
            )


def _is_directory(path: Path) -> bool:
    with translated_os_errors(path):  # a dead network file system is neither there nor missing
        return path.is_dir()
