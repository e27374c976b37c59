"""The directory that local backups lie in."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.storage.directory import BackupDirectory

if TYPE_CHECKING:
    from pathlib import Path


def test_missing_directory_is_made_private(tmp_path: Path) -> None:
    BackupDirectory(tmp_path / "backups").make()

    assert stat.S_IMODE((tmp_path / "backups").stat().st_mode) == 0o700


def test_existing_directory_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir(mode=0o755)

    BackupDirectory(tmp_path / "backups").make()

    assert stat.S_IMODE((tmp_path / "backups").stat().st_mode) == 0o755


def test_directory_whose_parent_is_missing_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nor does") as refused:
        BackupDirectory(tmp_path / "disk" / "backups").make()

    assert "install -d" in refused.value.hint
    assert not (tmp_path / "disk").exists()


@pytest.mark.parametrize("use", ["make", "require"])
def test_nothing_is_made_or_read_while_its_mount_is_missing(tmp_path: Path, use: str) -> None:
    fstab = tmp_path / "fstab"
    fstab.write_text(f"UUID=1 {tmp_path}/disk ext4 defaults 0 2\n")
    (tmp_path / "disk").mkdir()
    directory = BackupDirectory(tmp_path / "disk" / "backups", fstab=fstab)

    with pytest.raises(StorageError, match="nothing is mounted") as refused:
        getattr(directory, use)()

    assert refused.value.retryable
    assert f"mount {tmp_path}/disk" in refused.value.hint
    assert list((tmp_path / "disk").iterdir()) == []


def test_directory_that_vanished_is_an_error_that_may_pass(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist") as refused:
        BackupDirectory(tmp_path / "backups").locate("oempro/daily/x")

    assert refused.value.retryable


def test_key_is_a_path_beneath_the_directory(tmp_path: Path) -> None:
    assert BackupDirectory(tmp_path).locate("oempro/daily/x") == tmp_path / "oempro" / "daily" / "x"


def test_symbolic_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "oempro").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StorageError, match="leads out"):
        BackupDirectory(tmp_path / "backups").locate("oempro/daily/x")


def test_directory_may_itself_be_reached_by_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "backups").symlink_to(tmp_path / "disk")

    directory = BackupDirectory(tmp_path / "backups")
    directory.make()

    assert directory.locate("oempro/x") == tmp_path / "backups" / "oempro" / "x"


@pytest.mark.parametrize("use", ["make", "require"])
def test_directory_that_cannot_be_asked_for_is_an_error_of_ours(tmp_path: Path, use: str) -> None:
    directory = BackupDirectory(tmp_path / ("x" * 300))  # as ESTALE of a dead mount: neither there nor missing

    with pytest.raises(StorageError, match="file name too long"):
        getattr(directory, use)()
