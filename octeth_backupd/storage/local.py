"""Backups on local disk."""

from __future__ import annotations

import hashlib
import io
import os
import stat as file_modes
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pydantic import Field

from octeth_backupd.domain.section import Section
from octeth_backupd.errors import NotFoundError, StorageError
from octeth_backupd.process.files import make_directory, publish, sync_directory, translated_os_errors, write_whole
from octeth_backupd.storage.base import StoredFile
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local_doctor import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.upload import Upload
    from octeth_backupd.process.cancellation import Cancellation

_CHUNK_BYTES = 1 << 20
_PROBE_NAME = ".octeth-backupd-probe"


class LocalSettings(Section):
    """Backups on local disk."""

    directory: Path = Field(
        default=Path("/var/backups/octeth"), description="Where backups are stored, and uploaded from."
    )
    keep: bool = Field(
        default=True,
        description="Keep a copy of every backup here; with false only until every other copy is confirmed. Where it "
        "was true before, copies of older backups go after one octeth-backupctl retention --apply.",
    )


class LocalStorage:
    """See Storage. A key is a path beneath one directory; the file is ``.<name>.partial`` there until it is whole."""

    name = "local"
    is_remote = False

    def __init__(self, directory: BackupDirectory) -> None:
        self._directory = directory

    def staging_path(self, key: str) -> Path | None:
        """See Storage.staging_path."""
        return _partial(self._place_for(key))

    def put(
        self,
        source: Path,
        key: str,
        *,
        sha256: str,
        cancellation: Cancellation,
        on_progress: Callable[[int], None] | None = None,
    ) -> StoredFile:
        """See Storage.put."""
        path = self._place_for(key)
        if os.path.lexists(path):
            raise StorageError(f"{path} exists already", hint="Move it away; files are never overwritten.")
        partial = _partial(path)
        if source == partial:
            with translated_os_errors(partial):
                _finish(partial)
        else:
            _copy(source, partial, sha256=sha256, cancellation=cancellation, on_progress=on_progress)
        publish(partial, path)
        sync_directory(path.parent)
        stored = self.stat(key)
        if on_progress is not None:
            on_progress(stored.size_bytes)
        return stored

    def put_text(self, key: str, text: str) -> None:
        """See Storage.put_text."""
        write_whole(self._place_for(key), text, replace=False)

    def replace_text(self, key: str, text: str) -> None:
        """See Storage.replace_text."""
        write_whole(self._place_for(key), text, replace=True)

    def read_text(self, key: str) -> str:
        """See Storage.read_text."""
        with self.open(key) as file:
            data = file.read()
        try:
            return data.decode()
        except UnicodeDecodeError as exc:
            raise StorageError(f"{key} is not UTF-8 text") from exc

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        """See Storage.open."""
        path = self._directory.locate(key)
        with _missing_is_not_found(path, key):
            # O_NONBLOCK: a named pipe in a file's place must not block.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _stored_file(key, os.fstat(descriptor))
        except StorageError:
            os.close(descriptor)
            raise
        with io.BufferedReader(_StoredFileReader(path, descriptor)) as file:
            yield file

    def stat(self, key: str) -> StoredFile:
        """See Storage.stat."""
        path = self._directory.locate(key)
        with _missing_is_not_found(path, key):
            facts = path.lstat()
        return _stored_file(key, facts)

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """See Storage.list."""
        self._directory.require()
        with translated_os_errors(self._directory.path):
            found = sorted(_walk(str(self._directory.path), "", prefix), key=lambda file: file.key)
        yield from found

    def delete(self, key: str) -> None:
        """See Storage.delete. What was begun under this key and never finished goes with it."""
        _remove(self._directory.locate(key))
        self.discard_unfinished(key)

    def unfinished(self, prefix: str = "") -> Iterator[Upload]:  # noqa: ARG002 - the contract's
        """See Storage.unfinished. A local disk has no uploads in parts."""
        return iter(())

    def discard_unfinished(self, key: str) -> None:
        """See Storage.discard_unfinished. A kill after the file got its name leaves the partial one beside it."""
        _remove(_partial(self._directory.locate(key)))

    def check(self) -> None:
        """See Storage.check. The directory itself is made when only it is missing."""
        self._directory.make()
        probe = self._directory.path / _PROBE_NAME
        try:
            write_whole(probe, "can be written\n", replace=True)
        finally:
            with translated_os_errors(probe):
                probe.unlink(missing_ok=True)

    def diagnose(self) -> tuple[CheckResult, ...]:
        """See Storage.diagnose."""
        return examine(self.name, self._directory, self.check)

    def _place_for(self, key: str) -> Path:
        self._directory.make()
        path = self._directory.locate(key)
        make_directory(path.parent, 0o700)
        return path


class _StoredFileReader(io.FileIO):
    """A file whose read errors are ours, for whoever reads it far from here."""

    def __init__(self, path: Path, descriptor: int) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def readinto(self, buffer: Buffer, /) -> int | None:
        with translated_os_errors(self._path):
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with translated_os_errors(self._path):
            return super().readall()


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.partial")


def _remove(file: Path) -> None:
    with translated_os_errors(file):
        try:
            file.unlink()
        except (FileNotFoundError, NotADirectoryError):
            return
    sync_directory(file.parent)


def _finish(partial: Path) -> None:
    """Give a staged file its mode and put it on the disk."""
    descriptor = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not file_modes.S_ISREG(os.fstat(descriptor).st_mode):
            raise StorageError(f"{partial} is not a file")
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(
    source: Path,
    partial: Path,
    *,
    sha256: str,
    cancellation: Cancellation,
    on_progress: Callable[[int], None] | None,
) -> None:
    """Copy a file from elsewhere, whole and as it was when it was hashed, or leave nothing."""
    try:
        with translated_os_errors(partial):
            copied_sha256 = _copy_bytes(source, partial, cancellation, on_progress or (lambda _: None))
        _require_same(source, copied_sha256, sha256)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _copy_bytes(source: Path, partial: Path, cancellation: Cancellation, on_progress: Callable[[int], None]) -> str:
    digest = hashlib.sha256()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with source.open("rb") as reader, os.fdopen(os.open(partial, flags, 0o600), "wb") as writer:
        os.fchmod(writer.fileno(), 0o600)
        while chunk := reader.read(_CHUNK_BYTES):
            cancellation.raise_if_cancelled()
            digest.update(chunk)
            writer.write(chunk)
            on_progress(writer.tell())
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def _require_same(source: Path, sha256: str, expected_sha256: str) -> None:
    if sha256 != expected_sha256:
        raise StorageError(
            f"{source} is not what it was when it was finished: its SHA-256 is {sha256}, not {expected_sha256}",
            hint="Check the disk it lies on, then take the backup again.",
        )


@contextmanager
def _missing_is_not_found(path: Path, key: str) -> Iterator[None]:
    with translated_os_errors(path):
        try:
            yield
        except (FileNotFoundError, NotADirectoryError) as exc:
            raise NotFoundError(f"no file {key!r} in the local storage backend") from exc


def _stored_file(key: str, facts: os.stat_result) -> StoredFile:
    if not file_modes.S_ISREG(facts.st_mode):
        raise StorageError(f"{key} is not a file", hint="Something else was put in its place; move it away.")
    return StoredFile(key=key, size_bytes=facts.st_size, modified_at=datetime.fromtimestamp(facts.st_mtime, UTC))


def _walk(directory: str, above: str, prefix: str) -> Iterator[StoredFile]:
    """Yield the files of a directory and those beneath it, hidden ones and links left out."""
    with os.scandir(directory) as entries:
        for entry in entries:
            key = f"{above}{entry.name}"
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                if f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/"):
                    yield from _walk(entry.path, f"{key}/", prefix)
            elif key.startswith(prefix) and entry.is_file(follow_symlinks=False):
                yield _stored_file(key, entry.stat(follow_symlinks=False))
