"""The directory that an archive is unpacked in: files are made new, beneath it, and never through a link."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Self

from octeth_backupd.errors import VerificationError
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
_DIRECTORY_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_IN_THE_WAY = frozenset({errno.EEXIST, errno.ENOTDIR, errno.ELOOP})
_FILE_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Landing:
    """Make files and directories beneath ``directory``, for the length of a ``with`` block.

    Every directory on the way is opened from its parent's descriptor and without following links, so that whatever
    lies there, nothing is written outside. Paths are those that ``domain.restore.members.check_member`` returned.

    Attributes:
        file_count: Files made.
        written_bytes: Bytes written to them.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._made: set[PurePosixPath] = set()
        self._parent = PurePosixPath()
        self._parent_descriptor = -1
        self.file_count = 0
        self.written_bytes = 0

    def __enter__(self) -> Self:
        with translated_os_errors(self._directory):
            self._root_descriptor = os.open(self._directory, _DIRECTORY_FLAGS)
        return self

    def __exit__(self, *_: object) -> None:
        self._leave_parent()
        os.close(self._root_descriptor)

    def make_directory(self, path: PurePosixPath) -> None:
        """Make a directory, and those above it; one that was only made for what it holds may be named later.

        Raises:
            VerificationError: The archive holds it twice, or something else lies on the way.
        """
        self._take_name(path)
        if path.parts:
            os.close(self._open_directory(path))

    def make_file(self, path: PurePosixPath) -> NewFile:
        """Make an empty file, and the directories above it.

        Raises:
            VerificationError: The archive holds it twice, or something else lies on the way.
            SpaceError: The disk is full.
        """
        self._take_name(path)
        with self._translated(path):
            parent = self._open_parent(path.parent)
            descriptor = os.open(path.name, _FILE_FLAGS, FILE_MODE, dir_fd=parent)
        self.file_count += 1
        return NewFile(self._directory / path, descriptor, on_written=self._count)

    def _count(self, written_bytes: int) -> None:
        self.written_bytes += written_bytes

    def _take_name(self, path: PurePosixPath) -> None:
        if path in self._made:
            raise VerificationError(f"the archive holds {str(path)!r} twice", hint="Use another backup.")
        self._made.add(path)

    def _open_parent(self, parent: PurePosixPath) -> int:
        """Return the descriptor of a directory; the last one is kept open, since files come directory by directory."""
        if self._parent_descriptor < 0 or parent != self._parent:
            self._leave_parent()
            self._parent_descriptor = self._open_directory(parent)
            self._parent = parent
        return self._parent_descriptor

    def _leave_parent(self) -> None:
        if self._parent_descriptor >= 0:
            os.close(self._parent_descriptor)
            self._parent_descriptor = -1

    def _open_directory(self, path: PurePosixPath) -> int:
        descriptor = os.dup(self._root_descriptor)
        for part in path.parts:
            with self._translated(path):
                try:
                    below = _open_or_make(part, descriptor)
                finally:
                    os.close(descriptor)
            descriptor = below
        return descriptor

    @contextmanager
    def _translated(self, path: PurePosixPath) -> Iterator[None]:
        with translated_os_errors(self._directory / path):
            try:
                yield
            except OSError as error:
                if error.errno in _IN_THE_WAY:
                    raise self._in_the_way(path) from error
                raise

    def _in_the_way(self, path: PurePosixPath) -> VerificationError:
        return VerificationError(
            f"{str(path)!r} of the archive cannot be made in {self._directory}: something else lies there",
            hint="An archive is unpacked in an empty directory, and holds each path once; find out who wrote it.",
        )


class NewFile:
    """A file that is being written, from its begin to its end."""

    def __init__(self, path: Path, descriptor: int, *, on_written: Callable[[int], None]) -> None:
        self._path = path
        self._descriptor = descriptor
        self._on_written = on_written
        self.position = 0

    def write(self, data: bytes | memoryview) -> None:
        """Write all of ``data`` at the present position.

        Raises:
            SpaceError: The disk is full.
            StorageError: It cannot be written.
        """
        rest = memoryview(data)
        with translated_os_errors(self._path):
            while rest:
                count = os.write(self._descriptor, rest)
                rest = rest[count:]
                self.position += count
                self._on_written(count)

    def skip(self, count: int) -> None:
        """Leave a hole of so many bytes."""
        with translated_os_errors(self._path):
            os.lseek(self._descriptor, count, os.SEEK_CUR)
        self.position += count

    def finish(self) -> None:
        """Close the file; a hole at its end counts."""
        try:
            with translated_os_errors(self._path):
                os.ftruncate(self._descriptor, self.position)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close the file as it is; fine when it is closed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _open_or_make(name: str, parent: int) -> int:
    try:
        return os.open(name, _DIRECTORY_FLAGS, dir_fd=parent)
    except FileNotFoundError:
        os.mkdir(name, DIRECTORY_MODE, dir_fd=parent)
        return os.open(name, _DIRECTORY_FLAGS, dir_fd=parent)
