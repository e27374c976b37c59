"""What is deleted in tree and bucket is exactly what was to go, whatever lies beside it: real S3 servers."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.pipeline.record import backup_from_manifest
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from tests.environment import look_alikes
from tests.environment.daemon import Daemon
from tests.environment.s3_servers import MotoS3, RcloneS3
from tests.environment.s3_state import s3_client
from tests.environment.s3_storages import s3_storage
from tests.environment.second_copy import PREFIX, s3_section
from tests.fakes.shelf import finished_manifest, put_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.environment.s3_servers import S3Server

NIGHTS = 8
DEGRADED = 8
REMOVED_WITHIN_SECONDS = 30
ANOTHER = "f" * 32
BESIDE_THE_PREFIX = ("octeth-backup-2020-01-01_02-00-00.tar.zst", "octeth2/oempro/daily/site.tar.gz", "site.tar.gz")


@pytest.fixture(params=[RcloneS3, MotoS3], ids=["rclone", "moto"])
def bucket(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    server: S3Server = request.param()
    with server:
        yield server


@pytest.fixture
def daemon(tmp_path: Path, bucket: S3Server) -> Iterator[Daemon]:
    """A daemon with a week of backups in tree and bucket, both full of what is not its own."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    server = {"address": "127.0.0.1", "port": 1, "password_file": str(password), "data_directory": "/nonexistent"}
    sections = {
        "retention": {"daily": 2, "weekly": 1, "monthly": 1, "keep_manual_days": 1},
        "s3": s3_section(bucket),
    }
    daemon = Daemon(directory=tmp_path / "daemon", servers={"oempro": server}, sections=sections)
    with daemon:
        installation_id = daemon.api("/v1/status")["installation_id"]
    _store_backups(daemon, bucket, installation_id)
    look_alikes.fill_tree(daemon.backup_directory, tmp_path / "home")
    client = s3_client(bucket)
    for key in (*(f"{PREFIX}/{key}" for key in look_alikes.bucket_keys()), *BESIDE_THE_PREFIX):
        if "\n" not in key or isinstance(bucket, RcloneS3):  # moto answers 404 to the name of two lines
            client.put_object(Bucket=bucket.bucket, Key=key, Body=look_alikes.content_of(key).encode())
    with daemon:
        yield daemon


def _store_backups(daemon: Daemon, bucket: S3Server, installation_id: str) -> None:
    """Store a week of our backups in both, and two of another installation in the bucket alone."""
    clock = SystemClock()
    catalog = Catalog.open(daemon.state_directory / "catalog.sqlite", clock=clock)
    local, remote = LocalStorage(BackupDirectory(daemon.backup_directory)), s3_storage(bucket)
    last = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    for night in range(NIGHTS):
        manifest = finished_manifest(last - timedelta(days=night), installation_id=installation_id)
        backup = backup_from_manifest(manifest, storages=["local", "s3"], at=clock.now(), verified=True)
        for storage in (local, remote):
            put_files(storage, backup.copies[0].key, manifest)
        catalog.add_backup(backup)
    for night in (3, 200):
        manifest = finished_manifest(last - timedelta(days=night, hours=2), installation_id=ANOTHER)
        put_files(remote, backup_from_manifest(manifest, storages=["s3"], at=clock.now()).copies[0].key, manifest)
    catalog.set_meta("retention_confirmed", "")
    catalog.close()


def everything(daemon: Daemon, bucket: S3Server) -> dict[str, object]:
    """Return all that lies in tree, home and bucket with what would change if it were written; no state files."""
    found: dict[str, object] = dict(look_alikes.snapshot(daemon.backup_directory, daemon.directory.parent / "home"))
    for page in s3_client(bucket).get_paginator("list_objects_v2").paginate(Bucket=bucket.bucket):
        for entry in page["Contents"]:
            found[f"s3:{entry['Key']}"] = (entry["ETag"], entry["LastModified"])
    return {name: content for name, content in found.items() if "/state-" not in name}


def files_of(daemon: Daemon, backups: set[str]) -> set[str]:
    """Return the names that ``everything`` gives to the files of backups, in both storage backends."""
    archives = [copy["key"] for one in daemon.backups() if one["id"] in backups for copy in one["copies"]]
    names = {name for key in archives for name in (key, checksum_name(key), manifest_name(key))}
    return {f"file:{daemon.backup_directory}/{name}" for name in names} | {f"s3:{PREFIX}/{name}" for name in names}


def gone(daemon: Daemon) -> set[str]:
    """Return the ids of our backups that the catalog records as deleted."""
    return {one["id"] for one in daemon.backups() if one["status"] == "deleted"}


@pytest.mark.parametrize("bucket", [RcloneS3], indirect=True)
def test_local_copies_of_older_backups_go_after_one_apply_when_keep_becomes_false(daemon: Daemon) -> None:
    assert daemon.ctl("retention", "--apply").exit_code == 0
    archives = [daemon.archive(one) for one in daemon.backups() if one["status"] == "good"]
    others = look_alikes.snapshot(daemon.backup_directory).keys() - files_of(
        daemon, {one["id"] for one in daemon.backups()}
    )
    daemon.sections = {**daemon.sections, "local": {"keep": False}}
    daemon.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_for("configuration.reloaded")

    assert "[local] keep is false" in daemon.ctl("status").out
    assert daemon.ctl("sync", "--server", "oempro").exit_code == DEGRADED  # after its end the uploads are looked at
    assert all(archive.exists() for archive in archives)

    assert daemon.ctl("retention", "--apply").exit_code == 0

    limit = time.monotonic() + REMOVED_WITHIN_SECONDS
    while any(archive.exists() for archive in archives) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not any(archive.exists() for archive in archives)
    assert "[local] keep is false" not in daemon.ctl("status").out
    assert others <= look_alikes.snapshot(daemon.backup_directory).keys()


def test_retention_delete_and_repair_remove_exactly_what_was_to_go(daemon: Daemon, bucket: S3Server) -> None:
    before = everything(daemon, bucket)
    mine = {one["id"] for one in daemon.backups()}
    assert len(mine) == NIGHTS
    assert files_of(daemon, mine) <= before.keys()

    applied = daemon.ctl("retention", "--apply")

    assert applied.exit_code == 0, applied.err
    expired = gone(daemon)
    assert 0 < len(expired) < NIGHTS
    left = everything(daemon, bucket)
    assert left.items() <= before.items()
    assert before.keys() - left.keys() == files_of(daemon, expired)

    named = next(one["id"] for one in daemon.backups()[1:] if one["id"] not in expired)
    assert daemon.ctl("delete", named, "--yes", "--force").exit_code == 0

    after_delete = everything(daemon, bucket)
    assert after_delete.items() <= left.items()
    assert left.keys() - after_delete.keys() == files_of(daemon, {named})

    # Manifests that are none, which look-alikes have, are for an operator to look at.
    assert daemon.ctl("sync", "--repair").exit_code == DEGRADED
    assert everything(daemon, bucket) == after_delete
    assert {one["id"] for one in daemon.backups()} > mine  # the other installation's are known from now on

    assert daemon.ctl("retention", "--apply").exit_code == 0
    assert daemon.ctl("sync", "--repair").exit_code == DEGRADED

    assert gone(daemon) == {*expired, named}
    assert everything(daemon, bucket) == after_delete
