"""Tree and bucket full of what is not ours: none of it is ever removed, from any working directory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.domain.retention.order import RetentionOrder
from octeth_backupd.pipeline.retention.operations import apply_retention
from tests.environment import look_alikes
from tests.fakes.manifests import make_manifest
from tests.fakes.shelf import DAY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.shelf import Shelf


@pytest.fixture
def theirs(shelf: Shelf, tmp_path: Path) -> dict[str, bytes]:
    """Files, directories and links that somebody put there; returns all with what they hold."""
    look_alikes.fill_tree(shelf.bench.backups, tmp_path / "home")
    for key in look_alikes.bucket_keys():
        shelf.remote.files[key] = look_alikes.content_of(key).encode()
    return snapshot(shelf, tmp_path / "home")


def snapshot(shelf: Shelf, outside: Path) -> dict[str, bytes]:
    """Return all that lies in tree, bucket and elsewhere, with its content."""
    in_bucket = {f"s3:{key}": content for key, content in shelf.remote.files.items()}
    return in_bucket | look_alikes.snapshot(shelf.bench.backups, outside)


@pytest.mark.parametrize("working_directory", ["backups", "backups/oempro/daily", "home", "/"])
def test_nothing_that_the_catalog_does_not_know_is_removed(
    shelf: Shelf,
    theirs: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    working_directory: str,
) -> None:
    monkeypatch.chdir(tmp_path / working_directory)
    nights = shelf.nights(40)

    result = apply_retention(shelf.context(Operation.RETENTION, order=RetentionOrder(despite_hold=True)), shelf.parts)

    assert result.detail["expired_copies"] > 60
    left = snapshot(shelf, tmp_path / "home")
    assert theirs.items() <= left.items()
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
