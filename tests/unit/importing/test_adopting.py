"""Entering archives into the catalog."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.store import Catalog
from octeth_backupd.domain.backup import CopyState, Origin, Tier
from octeth_backupd.domain.legacy.adoption import ArchiveFacts, Found
from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.importing.adopting import Adopter, tighten_modes
from tests.fakes.catalog_values import StandingClock, make_backup
from tests.unit.importing.build import NAME, put

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIGEST = "ab" * 32
TAKEN = datetime(2025, 1, 15, 1, 0, tzinfo=UTC)
ID = "oempro-2025-01-15_01-00-00"
LOCAL = Found(
    storage="local",
    key=f"daily/{NAME}",
    name=NAME,
    tier=Tier.DAILY,
    taken_at=TAKEN,
    checksum=DIGEST,
    facts=ArchiveFacts(size_bytes=1000, sha256=DIGEST, is_prepared=True),
)
REMOTE = replace(LOCAL, storage="s3", facts=ArchiveFacts(size_bytes=1000))
ADOPTER = Adopter(server="oempro", installation_id="f" * 32, now=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog.open(tmp_path / "catalog.sqlite", clock=StandingClock())
    catalog.installations.set_own("f" * 32)
    yield catalog
    catalog.close()


def _fates(catalog: Catalog | None, *found: Found) -> list[Fate]:
    return [note.fate for note in ADOPTER.adopt(found, catalog)]


def test_adopted_archive_is_a_backup_like_any_other(catalog: Catalog) -> None:
    assert _fates(catalog, LOCAL) == [Fate.ADOPTED]

    backup = catalog.backup(ID)
    assert (backup.origin, backup.copies[0].key) == (Origin.LEGACY, f"daily/{NAME}")
    assert catalog.find_backup("latest").backup_id == ID


def test_remote_copy_of_a_local_archive_is_its_second_copy(catalog: Catalog) -> None:
    assert _fates(catalog, LOCAL, REMOTE) == [Fate.ADOPTED, Fate.ADOPTED]

    assert [copy.storage for copy in catalog.backup(ID).copies] == ["local", "s3"]


def test_second_import_changes_nothing(catalog: Catalog) -> None:
    _fates(catalog, LOCAL)
    catalog.set_copy_state(ID, "local", CopyState.DELETED, at=TAKEN)

    assert _fates(catalog, LOCAL, REMOTE) == [Fate.ADOPTED, Fate.ADOPTED]

    states = {copy.storage: copy.state for copy in catalog.backup(ID).copies}
    assert states == {"local": CopyState.DELETED, "s3": CopyState.PRESENT}


@pytest.mark.parametrize(
    "other",
    [
        replace(REMOTE, facts=ArchiveFacts(size_bytes=999)),
        replace(REMOTE, checksum="cd" * 32),
        replace(LOCAL, key=f"weekly/{NAME}", tier=Tier.WEEKLY),
        replace(LOCAL, key="daily/x.xbstream.gz", name="x.xbstream.gz"),
    ],
)
def test_what_cannot_be_the_same_archive_is_left_alone(catalog: Catalog, other: Found) -> None:
    assert _fates(catalog, LOCAL, other) == [Fate.ADOPTED, Fate.LEFT_ALONE]

    assert len(catalog.backup(ID).copies) == 1


def test_partial_archive_is_left_alone(catalog: Catalog) -> None:
    partial = replace(LOCAL, checksum="", facts=ArchiveFacts(size_bytes=1, damage="cut"))

    assert _fates(catalog, partial) == [Fate.LEFT_ALONE]
    assert not catalog.backup_id_exists(ID)


def test_bad_archive_is_adopted_as_corrupt_and_never_latest(catalog: Catalog) -> None:
    _fates(catalog, replace(LOCAL, facts=ArchiveFacts(size_bytes=0, damage="nothing")))

    assert catalog.backup(ID).copies[0].state is CopyState.CORRUPT
    assert catalog.last_good_backup("oempro") is None


def test_backup_of_our_own_with_the_same_id_stays(catalog: Catalog) -> None:
    catalog.add_backup(make_backup(taken_at=TAKEN))

    assert _fates(catalog, LOCAL) == [Fate.LEFT_ALONE]


@pytest.mark.parametrize(("adopter", "hours"), [(ADOPTER, 1), (ADOPTER, -1), (replace(ADOPTER, server="shop"), 0)])
def test_file_that_is_a_backup_is_not_another_one_by_another_zone_or_server(
    catalog: Catalog, adopter: Adopter, hours: int
) -> None:
    _fates(catalog, LOCAL, REMOTE)
    moved = [replace(one, taken_at=TAKEN + timedelta(hours=hours)) for one in (LOCAL, REMOTE)]

    notes = list(adopter.adopt(moved, catalog))

    assert [(note.fate, note.message) for note in notes] == [(Fate.LEFT_ALONE, f"is already backup {ID}")] * 2
    assert [backup.backup_id for backup in catalog.backups()] == [ID]


def test_damaged_local_archive_does_not_hide_its_good_remote_copy(catalog: Catalog) -> None:
    damaged = replace(LOCAL, facts=ArchiveFacts(size_bytes=400, damage="it ends too early"))

    assert _fates(catalog, damaged, REMOTE) == [Fate.ADOPTED, Fate.LEFT_ALONE]

    backup = catalog.backup(ID)
    assert (backup.archive_bytes, [copy.storage for copy in backup.copies]) == (1000, ["s3"])
    assert catalog.find_backup("latest").backup_id == ID


def test_rehearsal_enters_nothing() -> None:
    assert _fates(None, LOCAL) == [Fate.ADOPTED]


def test_modes_are_tightened_on_what_was_adopted_alone(tmp_path: Path) -> None:
    mine = put(tmp_path, f"daily/{NAME}", b"x")
    other = put(tmp_path, "daily/other.tar.gz", b"x")
    os.utime(mine, (1_000_000, 1_000_000))

    tighten_modes(tmp_path, [f"daily/{NAME}"])

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in (mine, mine.with_name(f"{NAME}.sha256"), other)}
    assert modes == {mine: 0o600, mine.with_name(f"{NAME}.sha256"): 0o600, other: 0o644}
    assert stat.S_IMODE((tmp_path / "daily").stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) != 0o600
    assert mine.stat().st_mtime == 1_000_000


def test_no_symbolic_link_is_followed(tmp_path: Path) -> None:
    target = put(tmp_path, "elsewhere/x", b"x", checksum=None)
    (tmp_path / "daily").mkdir()
    (tmp_path / "daily" / NAME).symlink_to(target)

    tighten_modes(tmp_path, [f"daily/{NAME}"])

    assert stat.S_IMODE(target.stat().st_mode) == 0o644
