"""The catalog follows what lies on the local disk, without a sync."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.backup import CopyState
from octeth_backupd.domain.names import manifest_name
from octeth_backupd.domain.retention.copy_detail import EXPIRING
from octeth_backupd.domain.sync.vanished import is_vanished
from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.sync.local_look import LocalLook, look_at_local
from tests.fakes.shelf import Shelf, finished_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.backup import Backup
    from tests.fakes.bench import Bench


@pytest.fixture
def shelf(bench: Bench) -> Shelf:
    return Shelf(bench)


def look(shelf: Shelf) -> LocalLook:
    return look_at_local(shelf.parts, shelf.bench.storage, shelf.bench.clock.now())


def archive(shelf: Shelf, backup: Backup) -> Path:
    return shelf.bench.backups / backup.copies[0].key


def states(shelf: Shelf, backups: list[Backup], storage: str = "local") -> list[CopyState]:
    return [shelf.state(backup, storage) for backup in backups]


def test_what_is_there_stays_as_it_is(shelf: Shelf) -> None:
    shelf.nights(3)

    assert look(shelf) == LocalLook()


def test_archives_that_were_removed_are_missing_and_their_other_copies_are_not(shelf: Shelf) -> None:
    nights = shelf.nights(4)
    for night in nights:
        archive(shelf, night).unlink()

    found = look(shelf)

    assert states(shelf, nights) == [CopyState.MISSING] * 4
    assert states(shelf, nights, "s3") == [CopyState.PRESENT] * 4
    assert (len(found.became(CopyState.MISSING)), found.vanished, found.is_whole) == (4, {}, False)
    assert look(shelf).changes == ()


def test_archive_of_another_size_is_damaged(shelf: Shelf) -> None:
    nights = shelf.nights(2)
    archive(shelf, nights[0]).write_text("cut")

    look(shelf)

    assert states(shelf, nights) == [CopyState.CORRUPT, CopyState.PRESENT]
    assert look(shelf).changes == ()


@pytest.mark.parametrize("emptied", ["backup directory away", "backup directory empty", "server away"])
def test_tree_that_is_gone_is_said_as_one_and_counts_again_when_it_is_back(shelf: Shelf, emptied: str) -> None:
    nights = shelf.nights(3)
    root, away = shelf.bench.backups, shelf.bench.directory / "away"
    tree = root / "oempro" if emptied == "server away" else root
    shutil.move(tree, away)
    if emptied == "backup directory empty":
        root.mkdir()

    gone = look(shelf)

    assert states(shelf, nights) == [CopyState.MISSING] * 3
    [(words, count)] = gone.vanished.items()
    assert (count, gone.became(CopyState.MISSING)) == (3, ())
    assert str(root) in words
    assert words.endswith("is its disk mounted?")
    shutil.rmtree(tree, ignore_errors=True)
    shutil.move(away, tree)

    back = look(shelf)

    assert states(shelf, nights) == [CopyState.PRESENT] * 3
    assert (len(back.became(CopyState.PRESENT)), look(shelf).is_whole) == (3, True)


def test_server_whose_tree_is_gone_says_nothing_of_another(shelf: Shelf) -> None:
    nights = shelf.nights(2)
    shutil.rmtree(shelf.bench.backups / "oempro")
    (shelf.bench.backups / "tracking").mkdir()
    (shelf.bench.backups / "tracking" / "notes.txt").write_text("mine")

    [words] = look(shelf).vanished

    assert words.startswith(f"nothing is in {shelf.bench.backups / 'oempro'}: ")
    assert is_vanished(shelf.copy_detail(nights[0], "local")[1])


def test_another_archive_in_the_place_of_a_missing_one_is_not_it(shelf: Shelf) -> None:
    nights = shelf.nights(2)
    place = archive(shelf, nights[0])
    content = place.read_bytes()
    place.unlink()
    look(shelf)
    place.write_bytes(content)
    theirs = finished_manifest(nights[0].taken_at, installation_id="f" * 32)
    place.with_name(manifest_name(place.name)).write_text(theirs.to_json_text())

    look(shelf)

    assert states(shelf, nights) == [CopyState.MISSING, CopyState.PRESENT]


def test_copy_that_is_being_deleted_is_left_to_whoever_deletes_it(shelf: Shelf) -> None:
    nights = shelf.nights(2)
    copy = next(one for one in shelf.bench.catalog.backup(nights[0].backup_id).copies if one.storage == "local")
    shelf.bench.catalog.claims.claim(copy, staying=())
    archive(shelf, nights[0]).unlink()

    look(shelf)

    assert shelf.copy_detail(nights[0], "local") == (CopyState.PRESENT, EXPIRING)


def test_copy_of_another_installation_is_left_to_a_sync(shelf: Shelf) -> None:
    theirs = shelf.put(shelf.bench.clock.now(), installation_id="f" * 32)
    archive(shelf, theirs).unlink()

    assert look(shelf).changes == ()


def test_disk_that_cannot_be_read_loses_nothing(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(prefix: str = "") -> None:
        raise StorageError("input/output error")

    nights = shelf.nights(2)
    monkeypatch.setattr(shelf.bench.storage, "list", fail)

    with pytest.raises(StorageError):
        look(shelf)

    assert states(shelf, nights) == [CopyState.PRESENT] * 2
