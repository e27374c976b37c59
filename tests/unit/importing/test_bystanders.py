"""What stays where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def test_directory_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert list(bystanders(tmp_path / "none", own=frozenset())) == []
