"""A storage backend in memory; held to the contract like every other by ``tests/contracts/test_storages.py``."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.errors import NotFoundError, RetainedError, StorageError
from octeth_backupd.storage.base import StoredFile
from octeth_backupd.storage.keys import check_key
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from octeth_backupd.domain.upload import Upload
    from octeth_backupd.process.cancellation import Cancellation
    from octeth_backupd.storage.base import UploadLedger


class MemoryStorage:
    """See Storage. It has no place for staging: everything is copied.

    Attributes:
        files: Content by key.
        archived: Keys that are in a slow class: listed, not readable.
        retained_until: Until when an object lock holds a key.
        held: Keys under a legal hold.
        open_uploads: Uploads in parts that somebody began, as the storage shows them.
        diagnosis: What ``diagnose`` answers.
    """

    def __init__(self, name: str = "memory", *, is_remote: bool = False, uploads: UploadLedger | None = None) -> None:
        self.name = name
        self.is_remote = is_remote
        self.files: dict[str, bytes] = {}
        self.archived: set[str] = set()
        self.retained_until: dict[str, datetime] = {}
        self.held: set[str] = set()
        self.open_uploads: list[Upload] = []
        self.diagnosis = (CheckResult(name="storage_write", status=CheckStatus.PASSED, summary=f"{name}: in memory"),)
        self._uploads = uploads or MemoryUploadLedger()

    def staging_path(self, key: str) -> Path | None:
        check_key(key)
        return None

    def put(
        self,
        source: Path,
        key: str,
        *,
        sha256: str,
        cancellation: Cancellation,
        on_progress: Callable[[int], None] | None = None,
    ) -> StoredFile:
        check_key(key)
        try:
            data = source.read_bytes()
        except OSError as exc:
            raise StorageError(f"{source}: {exc.strerror}") from exc
        cancellation.raise_if_cancelled()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StorageError(f"{source} is not what it was")
        self._add(key, data)
        if on_progress is not None:
            on_progress(len(data))
        return self.stat(key)

    def put_text(self, key: str, text: str) -> None:
        self._add(key, text.encode())

    def replace_text(self, key: str, text: str) -> None:
        check_key(key)
        self.files[key] = text.encode()

    def read_text(self, key: str) -> str:
        try:
            return self._get(key).decode()
        except UnicodeDecodeError as exc:
            raise StorageError(f"{key} is not UTF-8 text") from exc

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        if key in self.archived:
            raise StorageError(f"{key} is archived", hint="Bring it back first.")
        yield io.BytesIO(self._get(key))

    def stat(self, key: str) -> StoredFile:
        return StoredFile(
            key=key,
            size_bytes=len(self._get(key)),
            modified_at=datetime(2026, 1, 1, tzinfo=UTC),
            storage_class="GLACIER" if key in self.archived else "",
            retained_until=self.retained_until.get(key),
            is_held=key in self.held,
            is_archived=key in self.archived,
        )

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        yield from (self.stat(key) for key in sorted(self.files) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        check_key(key)
        if key in self.files and key in self.retained_until:
            raise RetainedError(f"{key} is retained", until=self.retained_until[key])
        if key in self.files and key in self.held:
            raise RetainedError(f"{key} is held", until=None)
        self.files.pop(key, None)
        self.discard_unfinished(key)

    def unfinished(self, prefix: str = "") -> Iterator[Upload]:
        for upload in self.open_uploads:
            known = self._uploads.upload(self.name, upload.key)
            if upload.key.startswith(prefix):
                yield known if known is not None and known.upload_id == upload.upload_id else upload

    def discard_unfinished(self, key: str) -> None:
        check_key(key)
        if (known := self._uploads.upload(self.name, key)) is None:
            return
        self.open_uploads = [upload for upload in self.open_uploads if upload.upload_id != known.upload_id]
        self._uploads.forget_upload(self.name, key)

    def check(self) -> None:
        return None

    def diagnose(self) -> tuple[CheckResult, ...]:
        return self.diagnosis

    def _add(self, key: str, data: bytes) -> None:
        check_key(key)
        if key in self.files:
            raise StorageError(f"{key} exists already")
        self.files[key] = data

    def _get(self, key: str) -> bytes:
        check_key(key)
        if key not in self.files:
            raise NotFoundError(f"no file {key!r}")
        return self.files[key]


def backup_files(storage: MemoryStorage) -> list[str]:
    """Return the keys of all files but state files."""
    return sorted(key for key in storage.files if not is_state(key))


def is_state(key: str) -> bool:
    """Return whether a key is that of a state file."""
    return key.rpartition("/")[2].startswith("state-")
