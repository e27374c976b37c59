"""Every storage backend must be writable."""

from __future__ import annotations

from octeth_backupd.domain.checks import CheckStatus
from octeth_backupd.errors import StorageError
from tests.unit.preflight.builder import run, storage, subject


def test_each_backend_that_cannot_be_written_is_named() -> None:
    storages = (
        storage("local", StorageError("read-only file system: /var/backups", hint="Remount it read-write.")),
        storage("s3", StorageError("access denied")),
    )

    result = run("storage_writable", subject(storages=storages))

    assert result.status is CheckStatus.FAILED
    assert result.summary == "local: read-only file system: /var/backups; s3: access denied"
    assert result.fix == "Remount it read-write."


def test_remote_backend_that_cannot_be_written_is_a_warning() -> None:
    storages = (storage("local"), storage("s3", StorageError("access denied", hint="Allow s3:PutObject.")))

    result = run("storage_writable", subject(storages=storages))

    assert (result.status, result.summary) == (CheckStatus.WARNING, "s3: access denied")
    assert result.fix == "Allow s3:PutObject."


def test_no_backend_at_all_fails() -> None:
    assert run("storage_writable", subject(storages=())).status is CheckStatus.FAILED
