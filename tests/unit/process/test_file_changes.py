"""Files that are written together."""

from __future__ import annotations

import os
import signal
import stat
from typing import TYPE_CHECKING, Any

import pytest

from octeth_backupd.errors import StorageError
from octeth_backupd.process import file_changes
from octeth_backupd.process.file_changes import FileChanges
from octeth_backupd.process.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_written_stays_at_the_end_of_the_block(tmp_path: Path) -> None:
    with FileChanges() as changes:
        assert changes.make_directory(tmp_path / "a" / "b", 0o700)
        assert not changes.make_directory(tmp_path / "a" / "b", 0o700)
        changes.write(tmp_path / "a" / "b" / "file", "text", mode=0o640)

    assert (tmp_path / "a" / "b" / "file").read_text() == "text"
    assert _mode(tmp_path / "a" / "b" / "file") == 0o640
    assert _mode(tmp_path / "a" / "b") == 0o700


@pytest.mark.parametrize("error", [StorageError("full"), KeyboardInterrupt()])
def test_everything_is_as_before_after_an_exception(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "old").write_text("before")
    (tmp_path / "old").chmod(0o604)

    with pytest.raises(type(error)), FileChanges() as changes:
        changes.make_directory(tmp_path / "new" / "deep", 0o700)
        changes.write(tmp_path / "new" / "deep" / "file", "text", mode=0o600)
        changes.write(tmp_path / "old", "after", mode=0o600, replace=True)
        raise error

    assert [path.name for path in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "before"
    assert _mode(tmp_path / "old") == 0o604


def test_file_that_is_there_is_not_written_over_and_not_removed_afterwards(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("before")

    with pytest.raises(StorageError, match="exists already"), FileChanges() as changes:
        changes.write(tmp_path / "old", "after", mode=0o600)

    assert (tmp_path / "old").read_text() == "before"


def test_what_else_was_done_is_taken_back_in_reverse_order_although_one_step_fails(tmp_path: Path) -> None:
    undone = []

    def fail() -> None:
        raise StorageError("gone")

    with pytest.raises(ValueError, match="ended"), FileChanges() as changes:
        changes.on_failure(lambda: undone.append("first"))
        changes.on_failure(fail)
        changes.on_failure(lambda: undone.append("last"))
        raise ValueError("ended")

    assert undone == ["last", "first"]
    assert list(tmp_path.iterdir()) == []


def test_owner_and_group_come_back_with_the_file(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("before")
    os.chown(old, 1234, 4321)
    old.chmod(0o640)

    with pytest.raises(ValueError, match="ended"), FileChanges() as changes:
        changes.write(old, "after", mode=0o600, replace=True)
        raise ValueError("ended")

    facts = old.stat()
    assert (old.read_text(), facts.st_uid, facts.st_gid, _mode(old)) == ("before", 1234, 4321, 0o640)


def test_symbolic_link_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StorageError, match="symbolic link") as caught, FileChanges() as changes:
        changes.write(tmp_path / "link", "after", mode=0o600, replace=True)

    assert str(tmp_path / "elsewhere") in caught.value.hint
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere").read_text() == "before"


def test_file_that_somebody_else_makes_meanwhile_is_not_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = write_whole

    def too_late(path: Path, *arguments: Any, **keywords: Any) -> None:
        path.write_text("theirs")
        written(path, *arguments, **keywords)

    monkeypatch.setattr(file_changes, "write_whole", too_late)

    with pytest.raises(StorageError, match="exists already"), FileChanges() as changes:
        changes.write(tmp_path / "new", "ours", mode=0o600)

    assert (tmp_path / "new").read_text() == "theirs"


def test_ctrl_c_right_after_a_file_was_written_takes_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = write_whole

    def interrupted(*arguments: Any, **keywords: Any) -> None:
        written(*arguments, **keywords)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(file_changes, "write_whole", interrupted)

    with pytest.raises(KeyboardInterrupt), FileChanges() as changes:
        changes.write(tmp_path / "new", "ours", mode=0o600)

    assert list(tmp_path.iterdir()) == []


def test_second_ctrl_c_does_not_keep_anything_from_being_taken_back(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), FileChanges() as changes:
        changes.write(tmp_path / "new", "ours", mode=0o600)
        changes.on_failure(lambda: signal.raise_signal(signal.SIGINT))
        raise ValueError("ended")

    assert list(tmp_path.iterdir()) == []
