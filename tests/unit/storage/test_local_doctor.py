"""What is tried of the local backup directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import StorageError
from octeth_backupd.process.files import FileSystemSpace
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local_doctor import STEPS, examine

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def a_directory(path: Path) -> BackupDirectory:
    return BackupDirectory(path, fstab=path / "no-fstab")


def test_every_step_names_the_storage_and_passes_where_all_is_well(tmp_path: Path) -> None:
    results = examine("local", a_directory(tmp_path / "backups"), lambda: None)

    assert [result.name for result in results] == list(STEPS)
    assert all(result.summary.startswith("local: ") for result in results)
    assert [result.status for result in results[:2]] == [CheckStatus.PASSED] * 2


def test_a_missing_place_fails_and_the_rest_is_unknown(tmp_path: Path) -> None:
    results = examine("local", a_directory(tmp_path / "not" / "there"), lambda: None)

    assert [result.status for result in results] == [CheckStatus.FAILED, CheckStatus.UNKNOWN, CheckStatus.UNKNOWN]
    assert "install -d" in results[0].fix


def test_what_cannot_be_written_says_so(tmp_path: Path) -> None:
    def refuse() -> None:
        raise StorageError("read-only file system")

    results = examine("local", a_directory(tmp_path), refuse)

    assert [result.status for result in results] == [CheckStatus.PASSED, CheckStatus.FAILED, CheckStatus.UNKNOWN]
    assert results[1].summary == "local: read-only file system"
    assert results[1].fix


def test_a_disk_with_little_room_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = FileSystemSpace(total=1 << 40, free=1 << 29, used_percent=99.9, device=1)
    monkeypatch.setattr("octeth_backupd.storage.local_doctor.free_bytes", lambda _path: full)

    results = examine("local", a_directory(tmp_path), lambda: None)

    assert (results[2].status, results[2].summary) == (CheckStatus.WARNING, "local: 0.5 GiB free, 100 % used")
