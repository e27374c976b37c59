"""Alternatives among metadata files."""

from __future__ import annotations

from octeth_backupd.domain.postconditions.evidence import DirectoryState, FileEntry


def test_first_existing_alternative_is_taken() -> None:
    directory = DirectoryState(files={"mariadb_backup_info": FileEntry(size_bytes=1)})

    assert directory.first(("xtrabackup_info", "mariadb_backup_info")) == "mariadb_backup_info"
    assert directory.first(("xtrabackup_info",)) is None
