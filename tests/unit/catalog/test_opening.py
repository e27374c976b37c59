"""Making, checking, updating and refusing the catalog's file."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.catalog.migrations import MIGRATIONS, Migration
from octeth_backupd.catalog.opening import open_database
from octeth_backupd.catalog.store import Catalog
from octeth_backupd.errors import CatalogError, NotFoundError
from tests.fakes.catalog_values import StandingClock, make_backup

if TYPE_CHECKING:
    from pathlib import Path

CLOCK = StandingClock()


def _fill(path: Path) -> None:
    """Make a catalog of many pages, folded into one file."""
    catalog = Catalog.open(path, clock=CLOCK)
    catalog.add_backup(make_backup(manifest={"variables": {f"name_{i}": str(i * i * i) for i in range(4000)}}))
    catalog.close()


def _later(*statements: str) -> tuple[Migration, ...]:
    return (*MIGRATIONS, Migration(version=MIGRATIONS[-1].version + 1, statements=statements))


def test_new_catalog_is_private_and_empty(catalog_path: Path) -> None:
    catalog = Catalog.open(catalog_path, clock=CLOCK)

    modes = {stat.S_IMODE(file.stat().st_mode) for file in catalog_path.parent.iterdir()}
    found = catalog.backups()
    catalog.close()

    assert modes == {0o600}
    assert found == []


def test_creation_leaves_one_file_under_its_own_name(catalog_path: Path) -> None:
    Catalog.open(catalog_path, clock=CLOCK).close()

    assert [file.name for file in catalog_path.parent.iterdir()] == ["catalog.sqlite"]


def test_creation_survives_what_a_killed_creation_left(catalog_path: Path) -> None:
    (catalog_path.parent / ".catalog.sqlite.partial").write_bytes(b"half")

    catalog = Catalog.open(catalog_path, clock=CLOCK)
    version = catalog.schema_version
    catalog.close()

    assert version == MIGRATIONS[-1].version


def test_catalog_keeps_what_it_was_told_across_openings(catalog_path: Path) -> None:
    backup = make_backup()
    first = Catalog.open(catalog_path, clock=CLOCK)
    first.add_backup(backup)
    first.close()

    second = Catalog.open(catalog_path, clock=CLOCK)
    found = second.backup(backup.backup_id)
    second.close()

    assert found == backup


@pytest.mark.parametrize("content", [b"", b"not a database at all " * 400], ids=["empty", "garbage"])
def test_file_that_is_no_database_is_refused_and_left(catalog_path: Path, content: bytes) -> None:
    catalog_path.write_bytes(content)

    with pytest.raises(CatalogError, match="damaged") as refused:
        Catalog.open(catalog_path, clock=CLOCK)

    assert str(catalog_path) in refused.value.hint
    assert "move" in refused.value.hint
    assert catalog_path.read_bytes() == content


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_truncated_catalog_is_refused_and_left(catalog_path: Path, kept: float) -> None:
    _fill(catalog_path)
    whole = catalog_path.read_bytes()
    cut = whole[: int(len(whole) * kept)]
    catalog_path.write_bytes(cut)

    with pytest.raises(CatalogError, match="damaged"):
        Catalog.open(catalog_path, clock=CLOCK)

    assert catalog_path.read_bytes() == cut


def test_overwritten_pages_are_found_when_opening(catalog_path: Path) -> None:
    _fill(catalog_path)
    content = bytearray(catalog_path.read_bytes())
    content[4096 : 4096 * 3] = b"\xa5" * (4096 * 2)
    catalog_path.write_bytes(content)

    with pytest.raises(CatalogError, match="damaged"):
        Catalog.open(catalog_path, clock=CLOCK)


def test_database_of_something_else_is_refused(catalog_path: Path) -> None:
    with closing(sqlite3.connect(catalog_path)) as other:
        other.execute("CREATE TABLE jobs (id TEXT)")

    with pytest.raises(CatalogError, match="not a catalog"):
        Catalog.open(catalog_path, clock=CLOCK)


def test_missing_file_beside_its_write_ahead_log_is_refused(catalog_path: Path) -> None:
    (catalog_path.parent / "catalog.sqlite-wal").write_bytes(b"frames")

    with pytest.raises(CatalogError, match="is missing"):
        Catalog.open(catalog_path, clock=CLOCK)

    assert not catalog_path.exists()


def test_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot be opened") as refused:
        Catalog.open(tmp_path / "absent" / "catalog.sqlite", clock=CLOCK)

    assert str(tmp_path / "absent") in refused.value.hint


def test_catalog_of_a_newer_release_is_refused(catalog_path: Path) -> None:
    open_database(catalog_path, clock=CLOCK, migrations=_later("CREATE TABLE later (backup_id TEXT)")).close()

    with pytest.raises(CatalogError, match="newer release"):
        Catalog.open(catalog_path, clock=CLOCK)


def test_older_catalog_is_brought_up_to_date_and_keeps_its_rows(catalog_path: Path) -> None:
    _fill(catalog_path)

    database = open_database(
        catalog_path, clock=CLOCK, migrations=_later("ALTER TABLE backups ADD COLUMN pinned INTEGER DEFAULT 0")
    )
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT backup_id, pinned FROM backups").all()
    database.close()

    assert rows == [(make_backup().backup_id, 0)]


def test_copy_of_the_older_catalog_is_kept_beside_it(catalog_path: Path) -> None:
    _fill(catalog_path)
    open_database(catalog_path, clock=CLOCK, migrations=_later("CREATE TABLE later (backup_id TEXT)")).close()
    kept = catalog_path.with_name(f"catalog.sqlite.schema-{MIGRATIONS[-1].version}")
    mode = stat.S_IMODE(kept.stat().st_mode)

    older = Catalog.open(kept, clock=CLOCK)
    backup = older.backup(make_backup().backup_id)
    older.close()

    assert mode == 0o600
    assert backup.server == "oempro"


def test_failing_migration_changes_nothing(catalog_path: Path) -> None:
    _fill(catalog_path)

    with pytest.raises(CatalogError):
        open_database(
            catalog_path, clock=CLOCK, migrations=_later("CREATE TABLE later (backup_id TEXT)", "CREATE NONSENSE")
        )

    catalog = Catalog.open(catalog_path, clock=CLOCK)
    version = catalog.schema_version
    catalog.close()
    assert version == MIGRATIONS[-1].version


def test_migration_that_breaks_references_changes_nothing(catalog_path: Path) -> None:
    _fill(catalog_path)

    with pytest.raises(CatalogError, match="belongs to nothing"):
        open_database(catalog_path, clock=CLOCK, migrations=_later("UPDATE copies SET backup_id = 'no such backup'"))

    catalog = Catalog.open(catalog_path, clock=CLOCK)
    backup = catalog.backup(make_backup().backup_id)
    catalog.close()
    assert len(backup.copies) == 1


def test_catalog_that_does_not_say_its_schema_is_refused(catalog_path: Path) -> None:
    _fill(catalog_path)
    with closing(sqlite3.connect(catalog_path, isolation_level=None)) as raw:
        raw.execute("DELETE FROM meta WHERE name = 'schema_version'")

    with pytest.raises(CatalogError, match="which schema"):
        Catalog.open(catalog_path, clock=CLOCK)


def test_kill_before_closing_loses_nothing(catalog_path: Path, tmp_path: Path) -> None:
    running = Catalog.open(catalog_path, clock=CLOCK)
    running.add_backup(make_backup())
    elsewhere = tmp_path / "after-the-kill"
    elsewhere.mkdir()
    for name in ("catalog.sqlite", "catalog.sqlite-wal"):
        (elsewhere / name).write_bytes((tmp_path / name).read_bytes())
    running.close()

    started_again = Catalog.open(elsewhere / "catalog.sqlite", clock=CLOCK)
    found = started_again.backup_id_exists(make_backup().backup_id)
    started_again.close()

    assert found


def test_unknown_backup_is_not_found_in_a_fresh_catalog(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError):
        catalog.backup("oempro-2026-11-22_02-00-00")
