"""What stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.legacy.report import Fate
from octeth_backupd.importing.bystanders import bystanders

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_else_is_named_with_its_size(tmp_path: Path) -> None:
    for name in ("daily", "oempro", "pre-restore-backup-20250101-020000", "tmp", "clickhouse"):
        (tmp_path / name).mkdir()
    (tmp_path / "pre-restore-backup-20250101-020000/ibdata1").write_bytes(b"x" * 2048)
    (tmp_path / "innodb_backup_2020-01-01_02-00-00.xbstream.gz").write_bytes(b"x")

    notes = {
        note.subject.removeprefix(f"{tmp_path}/"): note.message
        for note in bystanders(tmp_path, own=frozenset({"oempro"}))
    }

    assert sorted(notes) == [
        "clickhouse",
        "innodb_backup_2020-01-01_02-00-00.xbstream.gz",
        "pre-restore-backup-20250101-020000",
        "tmp",
    ]
    assert notes["pre-restore-backup-20250101-020000"].startswith("2.0 KiB")


def test_directory_of_archives_that_is_a_link_is_told_as_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "backups"
    root.mkdir()
    (root / "daily").mkdir()
    (root / "weekly").symlink_to(tmp_path / "elsewhere")

    [note] = bystanders(root, own=frozenset())

    assert (note.fate, note.subject) == (Fate.BY_HAND, str(root / "weekly"))


def test_directory_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert list(bystanders(tmp_path / "none", own=frozenset())) == []
