"""Tree and bucket full of what is not ours: none of it is ever removed, from any working directory."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, Tier
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.domain.retention.order import RetentionOrder
from octeth_backupd.pipeline.retention.operations import apply_retention
from tests.fakes.manifests import make_manifest
from tests.fakes.shelf import DAY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.shelf import Shelf

NAMES = (
    "octeth-backup-2026-01-01_02-00-00.tar.gz",
    "octeth-backup-2026-01-01_02-00-00.tar.gz.sha256",
    "octeth-backup-2020-01-01_02-00-00.tar.zst",
    "octeth-backup-2020-01-01_02-00-00.tar.zst.json",
    "octeth-backup-2020-01-01_02-00-00.tar.zst.sha256",
    "site-2026-11-01.tar.gz",
    "empty.tar.gz",
    "mysql.log",
    "-rf.tar.gz",
    "* .tar.gz",
    "new\nline.tar.gz",
    ".octeth-backup-2020-01-01_02-00-00.tar.zst.partial",
)
PLACES = ("", "oempro", *(f"oempro/{tier}" for tier in Tier), *Tier, "shop/daily", "oempro/daily/deeper")


@pytest.fixture
def look_alikes(shelf: Shelf, tmp_path: Path) -> dict[str, bytes]:
    """Files, directories and links that somebody put there; returns all with what they hold."""
    outside = tmp_path / "home"
    outside.mkdir()
    for name in NAMES:
        (outside / name).write_text(f"at home: {name}")
    for place in PLACES:
        directory = shelf.bench.backups / place
        directory.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (directory / name).write_text(f"theirs: {name}")
            if not name.startswith("."):
                shelf.remote.files[f"{place}/{name}".lstrip("/")] = f"theirs: {name}".encode()
        (directory / "octeth-backup-2025-01-01_02-00-00.tar.zst").mkdir()
        (directory / "octeth-backup-2025-01-01_02-00-00.tar.zst" / "inside.tar.gz").write_text("theirs")
        (directory / "link.tar.gz").symlink_to(outside / NAMES[0])
        (directory / "dangling.tar.gz").symlink_to(outside / "nothing")
        (directory / "directory-link").symlink_to(outside)
    return snapshot(shelf, outside)


def snapshot(shelf: Shelf, outside: Path) -> dict[str, bytes]:
    """Return all that lies in tree, bucket and elsewhere, with its content."""
    found = {f"s3:{key}": content for key, content in shelf.remote.files.items()}
    for root in (shelf.bench.backups, outside):
        for path in root.rglob("*"):
            if path.is_symlink():
                found[f"link:{path}"] = os.fsencode(path.readlink())
            elif path.is_dir():
                found[f"directory:{path}"] = b""
            else:
                found[f"file:{path}"] = path.read_bytes()
    return found


@pytest.mark.parametrize("working_directory", ["backups", "backups/oempro/daily", "home", "/"])
def test_nothing_that_the_catalog_does_not_know_is_removed(
    shelf: Shelf,
    look_alikes: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    working_directory: str,
) -> None:
    monkeypatch.chdir(tmp_path / working_directory)
    nights = shelf.nights(40)

    result = apply_retention(shelf.context(Operation.RETENTION, order=RetentionOrder(despite_hold=True)), shelf.parts)

    assert result.detail["expired_copies"] > 60
    left = snapshot(shelf, tmp_path / "home")
    assert look_alikes.items() <= left.items()
    gone = [one for one in nights if shelf.state(one) is CopyState.DELETED]
    assert gone
    assert not set().union(*(shelf.files_of(one) for one in gone)) & shelf.files()


def test_empty_catalog_and_empty_tree_remove_nothing_of_the_working_directory(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.bench.backups.mkdir()
    (tmp_path / "site.tar.gz").write_text("theirs")
    before = {path for path in tmp_path.iterdir() if not path.name.startswith("catalog")}
    monkeypatch.chdir(tmp_path)

    result = apply_retention(shelf.context(Operation.RETENTION, order=RetentionOrder()), shelf.parts)

    assert result.detail["expired_copies"] == 0
    assert before <= set(tmp_path.iterdir())


def test_another_hosts_backups_in_the_same_bucket_stay_even_where_the_catalog_knows_them(shelf: Shelf) -> None:
    theirs = [
        shelf.put(shelf.bench.clock.now() - day * DAY - DAY / 2, storages=("s3",), installation_id="f" * 32)
        for day in range(1, 30)
    ]
    nights = shelf.nights(30)

    apply_retention(shelf.context(Operation.RETENTION), shelf.parts)

    assert all(shelf.state(one, "s3") is CopyState.PRESENT for one in theirs)
    assert set().union(*(shelf.files_of(one) for one in theirs)) <= shelf.files()
    assert any(shelf.state(one, "s3") is CopyState.DELETED for one in nights)


def test_backup_that_another_host_wrote_over_ours_by_name_stays(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    key = nights[1].copies[1].key
    theirs = make_manifest(installation_id="f" * 32, backup_id=nights[1].backup_id).to_json_text()
    shelf.remote.files[manifest_name(key)] = theirs.encode()
    shelf.remote.files[key] = b"their archive"

    result = apply_retention(shelf.context(Operation.RETENTION), shelf.parts)

    assert {key, checksum_name(key), manifest_name(key)} <= set(shelf.remote.files)
    assert "is of backup" in "".join(result.detail["degraded"])


def test_copy_in_a_storage_that_is_not_configured_any_more_is_left(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    before = dict(shelf.remote.files)
    local_only = replace(
        shelf.local_parts, retention=shelf.settings.policy({"local": False}, timezone="UTC", schedules={})
    )

    result = apply_retention(shelf.context(Operation.RETENTION, order=RetentionOrder()), local_only)

    assert result.detail["expired_copies"] == 2
    assert shelf.remote.files == before
    assert shelf.state(nights[1], "s3") is CopyState.PRESENT
