"""What only files on a local disk can do wrong. The contract itself is in ``tests/contracts``."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octeth_backupd.errors import BackupdError, CancelledError, NotFoundError, SpaceError, StorageError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.storage import local as local_module
from octeth_backupd.storage.directory import BackupDirectory
from octeth_backupd.storage.local import LocalStorage

if TYPE_CHECKING:
    from octeth_backupd.storage.base import Storage

KEY = "oempro/daily/octeth-backup-2026-11-22_02-00-00.tar.zst"
CONTENT = b"archive" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "backups"
    directory.mkdir()
    return directory


@pytest.fixture
def storage(root: Path, tmp_path: Path) -> Storage:
    return LocalStorage(BackupDirectory(root, fstab=tmp_path / "no-fstab"))


def _stage(storage: Storage) -> Path:
    path = storage.staging_path(KEY)
    assert path is not None
    path.write_bytes(CONTENT)
    path.chmod(0o644)
    return path


def _hidden(root: Path) -> list[str]:
    return [path.name for path in root.rglob(".*")]


def test_staged_file_is_moved_not_copied(storage: Storage, root: Path) -> None:
    staged = _stage(storage)
    inode = staged.stat().st_ino

    storage.put(staged, KEY, sha256=SHA256, cancellation=Cancellation())

    assert (root / KEY).stat().st_ino == inode
    assert not staged.exists()


def test_files_are_0600_in_directories_0700(storage: Storage, root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(CONTENT)
    storage.put(_stage(storage), KEY, sha256=SHA256, cancellation=Cancellation())
    storage.put(tmp_path / "elsewhere", "oempro/weekly/x", sha256=SHA256, cancellation=Cancellation())
    storage.put_text("oempro/monthly/x", "text")

    modes = {(path.is_dir(), oct(stat.S_IMODE(path.stat().st_mode))) for path in root.rglob("*")}

    assert modes == {(True, "0o700"), (False, "0o600")}


def test_copied_file_leaves_its_source_and_no_partial_file(storage: Storage, root: Path, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere"
    source.write_bytes(CONTENT)

    storage.put(source, KEY, sha256=SHA256, cancellation=Cancellation())

    assert source.read_bytes() == CONTENT
    assert _hidden(root) == []


@pytest.mark.parametrize("errno_of_link", [errno.EPERM, errno.EOPNOTSUPP])
def test_file_system_without_hard_links_still_never_replaces(
    storage: Storage, root: Path, monkeypatch: pytest.MonkeyPatch, errno_of_link: int
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno_of_link, os.strerror(errno_of_link))

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    storage.put(_stage(storage), KEY, sha256=SHA256, cancellation=Cancellation())

    with pytest.raises(StorageError, match="exists"):
        storage.put_text(KEY, "other")

    assert (root / KEY).read_bytes() == CONTENT
    assert _hidden(root) == []


def test_file_that_appears_meanwhile_is_not_replaced(
    storage: Storage, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = _stage(storage)
    monkeypatch.setattr(os.path, "lexists", lambda _: False)
    (root / KEY).write_bytes(b"another")

    with pytest.raises(StorageError, match="exists"):
        storage.put(staged, KEY, sha256=SHA256, cancellation=Cancellation())

    assert (root / KEY).read_bytes() == b"another"
    assert staged.read_bytes() == CONTENT


@pytest.mark.parametrize("link_to_nothing", [False, True])
def test_symbolic_link_in_a_files_place_is_neither_read_nor_replaced(
    storage: Storage, root: Path, tmp_path: Path, *, link_to_nothing: bool
) -> None:
    target = tmp_path / "secret"
    if not link_to_nothing:
        target.write_text("secret")
    staged = _stage(storage)
    (root / KEY).symlink_to(target)

    with pytest.raises(StorageError), storage.open(KEY):
        pass
    with pytest.raises(StorageError, match="not a file"):
        storage.stat(KEY)
    with pytest.raises(StorageError, match="exists"):
        storage.put(staged, KEY, sha256=SHA256, cancellation=Cancellation())
    assert list(storage.list()) == []


def test_deleting_a_symbolic_link_leaves_what_it_points_to(storage: Storage, root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    _stage(storage)
    (root / KEY).symlink_to(tmp_path / "elsewhere")

    storage.delete(KEY)

    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_named_pipe_in_a_files_place_does_not_block(storage: Storage, root: Path) -> None:
    (root / "oempro").mkdir()
    os.mkfifo(root / "oempro" / "pipe")

    with pytest.raises(StorageError, match="not a file"), storage.open("oempro/pipe"):
        pass


def test_directory_in_a_files_place_is_refused_and_not_kept_open(storage: Storage, root: Path) -> None:
    (root / KEY).mkdir(parents=True)
    before = sorted(Path("/proc/self/fd").iterdir())

    with pytest.raises(StorageError, match="not a file"), storage.open(KEY):
        pass

    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_staged_symbolic_link_is_refused(storage: Storage, root: Path, tmp_path: Path) -> None:
    staged = _stage(storage)
    staged.unlink()
    (tmp_path / "elsewhere").write_bytes(CONTENT)
    staged.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StorageError):
        storage.put(staged, KEY, sha256=SHA256, cancellation=Cancellation())

    assert not (root / KEY).exists()


def test_source_that_is_not_there_is_an_error(storage: Storage, root: Path, tmp_path: Path) -> None:
    staged = storage.staging_path(KEY)
    assert staged is not None

    for source in (staged, tmp_path / "absent"):
        with pytest.raises(StorageError):
            storage.put(source, KEY, sha256=SHA256, cancellation=Cancellation())

    assert _hidden(root) == []


def test_directory_in_a_files_place_is_not_a_file(storage: Storage, root: Path) -> None:
    (root / KEY).mkdir(parents=True)

    with pytest.raises(StorageError, match="not a file"):
        storage.stat(KEY)


def test_file_in_a_directorys_place_means_that_nothing_is_beneath_it(storage: Storage) -> None:
    storage.put_text("oempro/daily", "a file")

    with pytest.raises(NotFoundError):
        storage.stat("oempro/daily/x")
    storage.delete("oempro/daily/x")


def test_delete_removes_what_a_killed_put_left(storage: Storage, root: Path) -> None:
    _stage(storage)

    storage.delete(KEY)

    assert _hidden(root) == []


def test_copy_cancelled_half_way_leaves_nothing(
    storage: Storage, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AfterTheFirstLook(Cancellation):
        looks = 0

        def raise_if_cancelled(self) -> None:
            self.looks += 1
            if self.looks > 1:
                raise CancelledError("half way")

    monkeypatch.setattr(local_module, "_CHUNK_BYTES", 1000)
    (tmp_path / "elsewhere").write_bytes(CONTENT)

    with pytest.raises(CancelledError):
        storage.put(tmp_path / "elsewhere", KEY, sha256=SHA256, cancellation=AfterTheFirstLook())

    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_hidden_and_partial_files_are_not_listed(storage: Storage, root: Path) -> None:
    _stage(storage)
    (root / ".workspace" / "run-1").mkdir(parents=True)
    (root / ".workspace" / "run-1" / "marker").write_text("x")
    storage.put_text("oempro/daily/x", "x")

    assert [file.key for file in storage.list()] == ["oempro/daily/x"]


def test_lost_directory_is_not_an_empty_backend(storage: Storage, root: Path) -> None:
    storage.put_text(KEY, "x")
    for path in sorted(root.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    root.rmdir()

    with pytest.raises(StorageError, match="does not exist"):
        list(storage.list())
    with pytest.raises(StorageError, match="does not exist"):
        storage.stat(KEY)


def test_check_makes_the_directory_when_only_it_is_missing(storage: Storage, root: Path) -> None:
    root.rmdir()

    storage.check()

    assert list(root.iterdir()) == []


def test_check_removes_the_probe_that_a_killed_check_left(storage: Storage, root: Path) -> None:
    (root / ".octeth-backupd-probe").write_text("old")

    storage.check()

    assert list(root.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "error", "hint"),
    [
        (errno.EROFS, StorageError, "read-only"),
        (errno.EACCES, StorageError, "ReadWritePaths"),
        (errno.ENOSPC, SpaceError, "space"),
        (errno.EDQUOT, SpaceError, "space"),
        (errno.EIO, StorageError, "kernel"),
    ],
)
def test_check_says_why_the_directory_cannot_be_written(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, number: int, error: type[BackupdError], hint: str
) -> None:
    real_open = os.open

    def refuse(path: object, flags: int, *arguments: object, **keywords: object) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number))
        return real_open(path, flags, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(error) as refused:
        storage.check()

    assert hint.lower() in refused.value.hint.lower()


def test_error_of_the_disk_while_reading_is_a_storage_error() -> None:
    storage = LocalStorage(BackupDirectory(Path("/proc/self")))

    with storage.open("mem") as file, pytest.raises(StorageError, match="input/output error"):
        file.read(10)


def test_unfinished_partial_beside_a_finished_file_is_discarded(storage: Storage, root: Path) -> None:
    storage.put_text("oempro/daily/a.json", "whole")
    partial = root / "oempro/daily/.a.json.partial"
    partial.write_text("whole")

    storage.discard_unfinished("oempro/daily/a.json")

    assert not partial.exists()
    assert storage.read_text("oempro/daily/a.json") == "whole"
