"""Files and directories that are written together: all of them, or none."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from octeth_backupd.errors import BackupdError, StorageError
from octeth_backupd.process.files import make_directory, translated_os_errors, write_whole
from octeth_backupd.process.signals import deferred_requests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType


class FileChanges:
    """A ``with`` block in which files are written; an exception out of it, Ctrl-C among them, takes everything back.

    Taking back does its best: what cannot be taken back stays, and the first exception is the one that comes through.
    """

    def __init__(self) -> None:
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._undo.pop_all()
            return
        with deferred_requests():
            self._undo.close()

    def on_failure(self, undo: Callable[[], None]) -> None:
        """Have something called when all is taken back; what was registered last is called first."""

        def attempt() -> None:
            with suppress(BackupdError, OSError):
                undo()

        self._undo.callback(attempt)

    def make_directory(self, path: Path, mode: int) -> bool:
        """Make a directory with its parents; return whether it was missing.

        Raises:
            StorageError: Something else is there, or it may not be made.
        """
        missing = [ancestor for ancestor in (path, *path.parents) if not ancestor.exists()]
        for ancestor in reversed(missing):
            self.on_failure(ancestor.rmdir)
        make_directory(path, mode)
        return bool(missing)

    def write(self, path: Path, content: str | bytes, *, mode: int, replace: bool = False) -> None:
        """Write a file that is on the disk when this returns; the one that it replaces comes back on a failure.

        Args:
            path: Its directory exists.
            content: Text is written as UTF-8.
            mode: Permissions, whatever the umask.
            replace: Replace what is there; otherwise that is an error.

        Raises:
            StorageError: It exists already, is a symbolic link, or cannot be written.
        """
        before = _read(path) if replace and os.path.lexists(path) else None
        # Nothing comes between a file and the knowledge of how to take it away.
        with deferred_requests():
            if before is None:
                # Registered afterwards: what somebody else put there meanwhile is not ours to remove.
                write_whole(path, content, mode=mode, replace=False)
                self.on_failure(lambda: path.unlink(missing_ok=True))
            else:
                self.on_failure(lambda: before.put_back(path))
                write_whole(path, content, mode=mode, replace=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    """A file as it was."""

    content: bytes
    mode: int
    owner: int
    group: int

    def put_back(self, path: Path) -> None:
        write_whole(path, self.content, mode=self.mode, owner=(self.owner, self.group), replace=True)


def _read(path: Path) -> _Before:
    if path.is_symlink():
        raise StorageError(
            f"{path} is a symbolic link, which is not replaced",
            hint=f"Put the file itself there, or name the one that the link leads to: {os.path.realpath(path)}",
        )
    with translated_os_errors(path), path.open("rb") as file:
        facts = os.fstat(file.fileno())
        return _Before(content=file.read(), mode=facts.st_mode & 0o7777, owner=facts.st_uid, group=facts.st_gid)
