"""A storage backend in memory; held to the contract like every other by ``tests/contracts/test_storages.py``."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from octeth_backupd.errors import NotFoundError, StorageError
from octeth_backupd.storage.base import StoredFile
from octeth_backupd.storage.keys import check_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.process.cancellation import Cancellation


class MemoryStorage:
    """See Storage. It has no place for staging: everything is copied."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.files: dict[str, bytes] = {}

    def staging_path(self, key: str) -> Path | None:
        check_key(key)
        return None

    def put(self, source: Path, key: str, *, sha256: str, cancellation: Cancellation) -> StoredFile:
        data = source.read_bytes()
        cancellation.raise_if_cancelled()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StorageError(f"{source} is not what it was")
        self._add(key, data)
        return self.stat(key)

    def put_text(self, key: str, text: str) -> None:
        self._add(key, text.encode())

    def read_text(self, key: str) -> str:
        try:
            return self._get(key).decode()
        except UnicodeDecodeError as exc:
            raise StorageError(f"{key} is not UTF-8 text") from exc

    @contextmanager
    def open(self, key: str) -> Iterator[BinaryIO]:
        yield io.BytesIO(self._get(key))

    def stat(self, key: str) -> StoredFile:
        return StoredFile(key=key, size_bytes=len(self._get(key)), modified_at=datetime(2026, 1, 1, tzinfo=UTC))

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        yield from (self.stat(key) for key in sorted(self.files) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        check_key(key)
        self.files.pop(key, None)

    def discard_unfinished(self, key: str) -> None:
        check_key(key)

    def check(self) -> None:
        return None

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
