"""The contract of storage backends, held by the local one and the fake. (Object storage: tests/integration.)"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from tests.contracts.storage_contract import StorageContract
from tests.fakes.storage import MemoryStorage

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.storage.base import Storage


class TestLocalStorage(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> Storage:
        directory = tmp_path / "backups"
        directory.mkdir()
        return LocalStorage(BackupDirectory(directory, fstab=tmp_path / "no-fstab"))


class TestMemoryStorage(StorageContract):
    @pytest.fixture
    def storage(self) -> Storage:
        return MemoryStorage()
