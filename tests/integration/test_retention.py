"""Retention of a real daemon, over its socket and the command line: real files, no server to reach."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.pipeline.record import backup_from_manifest
from octeth_backupd.process.clock import SystemClock
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage
from tests.environment.daemon import Daemon
from tests.fakes.shelf import finished_manifest, put_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NIGHTS = 60
KEPT_AT_MOST = 2 + 1 + 1 + 1


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon that finds two months of backups of its own, made under a policy that nobody confirmed."""
    password = tmp_path / "password"
    password.write_text("secret\n")
    password.chmod(0o600)
    server = {"address": "127.0.0.1", "port": 1, "password_file": str(password), "data_directory": "/nonexistent"}
    policy = {"daily": 2, "weekly": 1, "monthly": 1, "keep_manual_days": 1}
    daemon = Daemon(directory=tmp_path / "daemon", servers={"oempro": server}, sections={"retention": policy})
    with daemon:
        installation_id = daemon.api("/v1/status")["installation_id"]
    _fill(daemon, installation_id)
    with daemon:
        yield daemon


def _fill(daemon: Daemon, installation_id: str) -> None:
    clock = SystemClock()
    catalog = Catalog.open(daemon.state_directory / "catalog.sqlite", clock=clock)
    storage = LocalStorage(BackupDirectory(daemon.backup_directory))
    last = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    for night in range(NIGHTS):
        manifest = finished_manifest(last - timedelta(days=night), installation_id=installation_id)
        backup = backup_from_manifest(manifest, storages=["local"], at=clock.now(), verified=True)
        put_files(storage, backup.copies[0].key, manifest)
        catalog.add_backup(backup)
    catalog.set_meta("retention_confirmed", "")
    catalog.close()


def test_nothing_expires_until_it_is_applied_once_and_what_is_pinned_stays(daemon: Daemon) -> None:
    told = daemon.ctl("status").out
    headline, *lines = told.splitlines()
    assert re.search(r"warnings?; newest good backup 6\d min ago$", headline), told
    assert "retention --apply" in told
    assert any(re.fullmatch(rf" +local +{NIGHTS} \([^()]+\)", line) for line in lines), told
    assert len(list(daemon.backup_directory.rglob("*.zst"))) == NIGHTS

    oldest = daemon.backups()[-1]["id"]
    assert daemon.ctl("pin", oldest, "--note", "for ever").exit_code == 0
    plan = daemon.ctl("retention")
    assert plan.exit_code == 0
    assert "pinned" in plan.out
    assert "stands for none of the 2 days, 1 week, 1 month that are kept" in plan.out

    applied = daemon.ctl("retention", "--apply")
    assert applied.exit_code == 0, applied.err
    assert "copies expired" in applied.out

    left = [backup["id"] for backup in daemon.backups() if backup["status"] != "deleted"]
    assert len(left) <= KEPT_AT_MOST + 1
    assert oldest in left
    assert sorted(path.name for path in daemon.backup_directory.rglob("octeth-backup-*")) == sorted(
        f"{backup['archive_name']}{suffix}"
        for backup in daemon.backups()
        if backup["id"] in left
        for suffix in ("", ".sha256", ".json")
    )
    assert len(daemon.backups()) == NIGHTS  # history stays
    assert daemon.ctl("retention", "--json").json["servers"][0]["expiring_copies"] == 0


def test_backup_is_deleted_by_its_id_with_confirmation_and_the_newest_only_by_force(daemon: Daemon) -> None:
    newest, older = (backup["id"] for backup in daemon.backups()[:2])

    assert daemon.ctl("delete", older).exit_code == 2  # nobody is there to confirm
    assert daemon.ctl("delete", older, "--yes").exit_code == 0
    refused = daemon.ctl("delete", newest, "--yes")

    assert (refused.exit_code, "--force" in refused.err) == (2, True)
    assert older not in {backup["id"] for backup in daemon.backups() if backup["status"] != "deleted"}
    assert "deleted" in daemon.ctl("show", older).out
