"""Every local storage backend must be writable."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import StorageError
from tests.unit.preflight.builder import run, storage, subject


def test_a_local_backend_that_cannot_be_written_is_named() -> None:
    broken = storage("local", StorageError("read-only file system: /var/backups", hint="Remount it read-write."))

    result = run("storage_writable", subject(storages=(broken, storage("s3"))))

    assert result.status is CheckStatus.FAILED
    assert result.summary == "local: read-only file system: /var/backups"
    assert result.fix == "Remount it read-write."


def test_a_remote_backend_that_is_away_keeps_no_backup_from_being_made() -> None:
    away = storage("s3", StorageError("connection refused", retryable=True))

    result = run("storage_writable", subject(storages=(storage("local"), away)))

    assert (result.status, result.summary) == (CheckStatus.PASSED, "writable: local")
