"""Alternatives among metadata files."""

from __future__ import annotations

from octeth_backupd.domain.postconditions.evidence import DirectoryState, FileEntry


def test_first_existing_alternative_is_taken() -> None:
    directory = DirectoryState(files={"mariadb_backup_info": FileEntry(size_bytes=1)})

    assert directory.first(("xtrabackup_info", "mariadb_backup_info")) == "mariadb_backup_info"
    assert directory.first(("xtrabackup_info",)) is None


def test_only_innodb_files_count_as_tablespaces() -> None:
    directory = DirectoryState(
        files={
            "ibdata1": FileEntry(size_bytes=10, space_id=0),
            "shop/t.ibd": FileEntry(size_bytes=5, space_id=4),
            "ib_logfile0": FileEntry(size_bytes=100),
        }
    )

    assert directory.tablespace_bytes == 15
