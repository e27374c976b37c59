"""Which storage backends a configuration names."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from octeth_backupd.storage.local import LocalSettings
from octeth_backupd.storage.registry import local_storage, storages_for
from octeth_backupd.storage.s3_settings import S3Settings
from tests.fakes.clock import FakeClock
from tests.fakes.upload_ledger import MemoryUploadLedger

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.storage.base import Storage


def _storages(local: LocalSettings, **s3: S3Settings) -> tuple[Storage, ...]:
    return storages_for(local=local, s3=s3, uploads=MemoryUploadLedger(), clock=FakeClock())


def test_backups_are_kept_locally_where_the_settings_say(tmp_path: Path) -> None:
    (storage,) = _storages(LocalSettings(directory=tmp_path))

    storage.put_text("oempro/daily/x", "y")

    assert storage.name == "local"
    assert (tmp_path / "oempro" / "daily" / "x").read_text() == "y"


def test_local_storage_is_the_first_even_when_nothing_stays_there(tmp_path: Path) -> None:
    local = LocalSettings(directory=tmp_path, keep=False)

    storages = _storages(local, s3=S3Settings(bucket="b"), second=S3Settings(bucket="c"))

    assert [(storage.name, storage.is_remote) for storage in storages] == [
        ("local", False),
        ("s3", True),
        ("second", True),
    ]


def test_local_storage_can_be_had_alone(tmp_path: Path) -> None:
    assert local_storage(LocalSettings(directory=tmp_path)).name == "local"


def test_boto3_is_not_loaded_before_a_bucket_is_used() -> None:
    script = "import sys, octeth_backupd.app; sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
