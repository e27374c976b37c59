"""Looking at the data that a restore would replace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octeth_backupd.domain.restore.data_state import Listing
from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.server import Vendor
from octeth_backupd.errors import StorageError
from octeth_backupd.pipeline.restore.present_data import (
    is_read_only,
    list_directory,
    present_bytes,
    read_identity,
    read_owner_of_data,
)

UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"


def test_a_directory_is_listed_with_sizes_and_whether_schemas_hold_tables(tmp_path: Path) -> None:
    (tmp_path / "ibdata1").write_bytes(b"12345")
    for schema, file in {"shop": "orders.ibd", "bare": "db.opt"}.items():
        (tmp_path / schema).mkdir()
        (tmp_path / schema / file).touch()

    listing = list_directory(tmp_path)

    assert listing == Listing(files={"ibdata1": 5}, directories={"shop": True, "bare": False})


def test_a_directory_that_is_not_there_has_no_listing(tmp_path: Path) -> None:
    assert list_directory(tmp_path / "gone") is None


def test_a_data_directory_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    with pytest.raises(StorageError):
        list_directory(tmp_path / "data")


def test_the_size_leaves_out_what_other_restores_keep_there(tmp_path: Path) -> None:
    (tmp_path / "ibdata1").write_bytes(b"12345")
    for directory in ("shop", ".octeth-backupd-run-1"):
        (tmp_path / directory).mkdir()
        (tmp_path / directory / "t.ibd").write_bytes(b"123")

    assert present_bytes(tmp_path) == 8
    assert present_bytes(tmp_path / "gone") == 0


def test_the_size_of_what_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "data").touch()

    assert present_bytes(tmp_path / "data") is None


def test_identity_is_read_from_files(tmp_path: Path) -> None:
    (tmp_path / "auto.cnf").write_text(f"[auto]\nserver-uuid={UUID}\n")
    (tmp_path / "ibdata1").touch()

    mysql, mariadb = read_identity(tmp_path, Vendor.MYSQL), read_identity(tmp_path, Vendor.MARIADB)

    assert (mysql.server_uuid, mariadb.server_uuid) == (UUID, "")
    assert mariadb.data_inode == (tmp_path / "ibdata1").stat().st_ino


def test_damaged_files_tell_no_identity(tmp_path: Path) -> None:
    (tmp_path / "auto.cnf").write_bytes(b"\xff\x00garbage")

    identity = read_identity(tmp_path, Vendor.MYSQL)

    assert (identity.server_uuid, identity.data_inode) == ("", 0)


def test_the_owner_is_that_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "mysql").mkdir()

    assert read_owner_of_data(tmp_path) == Owner(user_id=os.geteuid(), group_id=(tmp_path / "mysql").stat().st_gid)


def test_a_directory_of_root_without_files_of_a_server_says_nothing_of_the_owner() -> None:
    assert read_owner_of_data(Path("/usr")) is None


def test_a_missing_directory_has_no_owner(tmp_path: Path) -> None:
    assert read_owner_of_data(tmp_path / "gone") is None


def test_a_file_system_is_asked_whether_it_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_read_only(tmp_path / "not" / "there" / "yet")

    class ReadOnly:
        f_flag = os.ST_RDONLY

    monkeypatch.setattr(os, "statvfs", lambda _path: ReadOnly())

    assert is_read_only(tmp_path)
