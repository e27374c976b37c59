"""What a backup directory holds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.domain.postconditions.evidence import FileEntry
from octeth_backupd.engines.xtrabackup import XtraBackup
from octeth_backupd.errors import MetadataError, StorageError, VerificationError
from octeth_backupd.pipeline.directory_state import LARGEST_TEXT_BYTES, directory_state
from tests.fakes.engine import PAGE_BYTES, page_zero

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.postconditions.evidence import DirectoryState


def _write(directory: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)


def _state(directory: Path, *, with_space_ids: bool = True) -> DirectoryState:
    return directory_state(directory, XtraBackup.expectation, with_space_ids=with_space_ids)


def test_every_file_is_there_with_its_size_and_tablespaces_with_the_id_of_page_zero(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "ibdata1": page_zero(0),
            "undo_001": page_zero(4294967279),
            "undo001": page_zero(1),
            "shop/orders.ibd": page_zero(5),
            "shop/orders.frm": b"f" * 100,
            "space.ibu": page_zero(9),
        },
    )

    state = _state(tmp_path)

    assert state.files == {
        "ibdata1": FileEntry(size_bytes=PAGE_BYTES, space_id=0),
        "undo_001": FileEntry(size_bytes=PAGE_BYTES, space_id=4294967279),
        "undo001": FileEntry(size_bytes=PAGE_BYTES, space_id=1),
        "shop/orders.ibd": FileEntry(size_bytes=PAGE_BYTES, space_id=5),
        "shop/orders.frm": FileEntry(size_bytes=100),
        "space.ibu": FileEntry(size_bytes=PAGE_BYTES, space_id=9),
    }


@pytest.mark.parametrize("name", ["undo_log.frm", "undo_log.MYD", "ibdata_copy.MYI", "undo.CSV", "undo_001.frm"])
def test_a_table_that_is_called_like_a_tablespace_file_is_none(tmp_path: Path, name: str) -> None:
    _write(tmp_path, {f"shop/{name}": b""})

    assert _state(tmp_path).files == {f"shop/{name}": FileEntry(size_bytes=0)}


def test_a_page_that_was_not_written_yet_has_no_id(tmp_path: Path) -> None:
    _write(tmp_path, {"shop/new.ibd": bytes(PAGE_BYTES)})

    assert _state(tmp_path).files["shop/new.ibd"].space_id is None


def test_ids_are_not_read_where_they_are_not_asked_for(tmp_path: Path) -> None:
    _write(tmp_path, {"shop/orders.ibd": b""})

    assert _state(tmp_path, with_space_ids=False).files == {"shop/orders.ibd": FileEntry(size_bytes=0)}


def test_a_tablespace_that_was_cut_to_nothing_is_an_error(tmp_path: Path) -> None:
    _write(tmp_path, {"shop/orders.ibd": b""})

    with pytest.raises(MetadataError, match=r"orders\.ibd"):
        _state(tmp_path)


def test_metadata_files_come_with_their_text_unless_they_are_absurdly_large(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "xtrabackup_checkpoints": b"backup_type = full-backuped\n",
            "backup-my.cnf": b"[mysqld]\n",
            "xtrabackup_info": b"x" * (LARGEST_TEXT_BYTES + 1),
            "shop/xtrabackup_binlog_info": b"not at the top",
        },
    )

    assert _state(tmp_path).texts == {
        "xtrabackup_checkpoints": "backup_type = full-backuped\n",
        "backup-my.cnf": "[mysqld]\n",
    }


@pytest.mark.parametrize("kind", ["link", "link to a directory", "pipe"])
def test_what_is_neither_file_nor_directory_is_refused(tmp_path: Path, kind: str) -> None:
    odd = tmp_path / "odd"
    if kind == "pipe":
        os.mkfifo(odd)
    else:
        odd.symlink_to("/etc" if "directory" in kind else "/etc/passwd")

    with pytest.raises(VerificationError, match="'odd'"):
        _state(tmp_path)


def test_a_directory_that_cannot_be_read_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no such file"):
        _state(tmp_path / "gone")
