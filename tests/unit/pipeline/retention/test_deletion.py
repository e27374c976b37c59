"""Only what is ours goes, and in an order that never leaves half a backup."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState, Operation, Origin, RunStatus
from octeth_backupd.domain.names import checksum_name, manifest_name
from octeth_backupd.errors import RetainedError, StorageError
from octeth_backupd.pipeline.retention.deletion import delete_files, files_of, is_untouched, require_deletable
from octeth_backupd.pipeline.retention.operations import apply_retention
from tests.fakes.installation import INSTALLATION
from tests.fakes.manifests import make_manifest
from tests.fakes.shelf import DAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup
    from tests.fakes.shelf import Shelf

OURS = frozenset({INSTALLATION})


def require(shelf: Shelf, backup: Backup, *, of: Backup | None = None) -> dict[str, int]:
    now = shelf.bench.clock.now()
    return require_deletable(shelf.bench.storage, of or backup, backup.copies[0], ours=OURS, now=now)


def path_of(shelf: Shelf, backup: Backup, name: Callable[[str], str] = str) -> Path:
    return shelf.bench.backups / name(backup.copies[0].key)


def test_manifest_goes_first_and_the_archive_last(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)
    key = backup.copies[0].key

    assert files_of(backup, backup.copies[0]) == (manifest_name(key), checksum_name(key), key)


def test_archive_of_the_bash_tool_goes_first_it_has_no_manifest(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)
    key = backup.copies[0].key

    assert files_of(replace(backup, origin=Origin.LEGACY), backup.copies[0]) == (key, checksum_name(key))


def test_whole_copy_is_deletable_and_then_gone(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)

    found = require(shelf, backup)
    assert is_untouched(shelf.bench.storage, backup, backup.copies[0])
    delete_files(shelf.bench.storage, backup, backup.copies[0], found=found)

    assert shelf.bench.stored() == []
    assert not is_untouched(shelf.bench.storage, backup, backup.copies[0])
    require(shelf, backup)  # what is gone is no obstacle


@pytest.mark.parametrize(
    "changes",
    [{"installation_id": "f" * 32}, {"backup_id": "oempro-2020-01-01_00-00-00", "installation_id": INSTALLATION}],
)
def test_archive_beside_which_anothers_manifest_lies_is_left(shelf: Shelf, changes: dict[str, str]) -> None:
    (backup,) = shelf.nights(1)
    path_of(shelf, backup, manifest_name).write_text(make_manifest(**changes).to_json_text())

    with pytest.raises(StorageError, match="is of backup"):
        require(shelf, backup)
    with pytest.raises(StorageError, match="is of backup"):
        require(shelf, backup, of=replace(backup, origin=Origin.LEGACY))


def test_what_is_no_manifest_is_somebody_elses(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)
    path_of(shelf, backup, manifest_name).write_text('{"my": "notes"}')

    with pytest.raises(StorageError, match="no manifest that this release reads"):
        require(shelf, backup)


def test_other_file_under_the_name_of_the_archive_is_left(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)
    path_of(shelf, backup, manifest_name).unlink()
    require(shelf, backup)
    path_of(shelf, backup).write_text("something else")

    with pytest.raises(StorageError, match="has 14 bytes and no manifest; the backup had 10"):
        require(shelf, backup)


def test_damaged_archive_of_another_size_is_ours_while_its_manifest_says_so(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)
    path_of(shelf, backup).write_text("cut")

    delete_files(shelf.bench.storage, backup, backup.copies[0], found=require(shelf, backup))

    assert shelf.bench.stored() == []


@pytest.mark.parametrize("name", [str, checksum_name, manifest_name])
@pytest.mark.parametrize("kind", ["link", "directory"])
def test_links_and_directories_in_place_of_files_are_left(
    shelf: Shelf, tmp_path: Path, name: Callable[[str], str], kind: str
) -> None:
    (backup,) = shelf.nights(1)
    path = path_of(shelf, backup, name)
    target = tmp_path / "somebody's.tar.gz"
    target.write_text("theirs")
    path.unlink()
    if kind == "link":
        path.symlink_to(target)
    else:
        path.mkdir()

    with pytest.raises(StorageError):
        require(shelf, backup)

    assert target.read_text() == "theirs"


def test_lock_is_seen_before_anything_is_touched(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)
    until = shelf.bench.clock.now() + DAY
    shelf.remote.retained_until[backup.copies[0].key] = until

    with pytest.raises(RetainedError) as raised:
        require_deletable(shelf.remote, backup, backup.copies[1], ours=OURS, now=shelf.bench.clock.now())

    assert raised.value.until == until
    require_deletable(shelf.remote, backup, backup.copies[1], ours=OURS, now=until)


def test_legal_hold_on_the_archive_alone_is_seen_before_anything_is_touched(shelf: Shelf) -> None:
    nights = shelf.nights(5)
    shelf.remote.held.add(nights[1].copies[0].key)

    apply_retention(shelf.context(Operation.RETENTION), shelf.parts)

    assert shelf.copy_detail(nights[1], "s3") == (CopyState.RETAINED, "locked by its storage")
    assert {name for name in shelf.files_of(nights[1]) if name.startswith("s3:")} <= shelf.files()


def test_what_appears_under_a_name_after_the_look_is_not_deleted(shelf: Shelf) -> None:
    (backup,) = shelf.nights(1)
    path_of(shelf, backup, checksum_name).unlink()
    found = require(shelf, backup)
    path_of(shelf, backup, checksum_name).write_text("somebody's")

    delete_files(shelf.bench.storage, backup, backup.copies[0], found=found)

    assert shelf.bench.stored() == [checksum_name(backup.copies[0].key)]


@pytest.mark.parametrize("fails_at", [0, 1, 2])
def test_interrupted_deletion_leaves_no_backup_and_is_finished_whatever_the_policy_says(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    nights = shelf.nights(5)
    doomed = nights[1]
    die_at = files_of(doomed, doomed.copies[0])[fails_at]
    delete = shelf.bench.storage.delete

    def die(key: str) -> None:
        if key == die_at:
            raise KeyboardInterrupt
        delete(key)

    monkeypatch.setattr(shelf.bench.storage, "delete", die)
    with pytest.raises(KeyboardInterrupt):
        apply_retention(shelf.context(Operation.RETENTION), shelf.parts)
    assert path_of(shelf, doomed, manifest_name).exists() == (fails_at == 0)
    assert path_of(shelf, doomed).exists()
    assert shelf.state(doomed) is CopyState.PRESENT

    monkeypatch.undo()
    result = apply_retention(shelf.context(Operation.RETENTION), shelf.parts)

    assert result.status is RunStatus.SUCCESS
    assert shelf.state(doomed) is CopyState.DELETED
    assert not shelf.files() & shelf.files_of(doomed)
