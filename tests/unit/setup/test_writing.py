"""Doing what was planned."""

from __future__ import annotations

import stat
from pathlib import Path, PurePosixPath

import pytest

from octeth_backupd.domain.setup.plan import Plan, PlannedFile, Present
from octeth_backupd.errors import ConfigurationError, StorageError
from octeth_backupd.process.file_changes import FileChanges
from octeth_backupd.settings.example import blank_file
from octeth_backupd.setup.writing import planned_file, read_present, write_planned
from tests.unit.setup.build import NOW


def _planned(path: Path, content: str = "new\n", *, mode: int = 0o640) -> PlannedFile | None:
    return planned_file(PurePosixPath(path), content, mode=mode, now=NOW)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_configuration_is_absent_blank_or_in_use(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    assert read_present(config) == (Present.NOTHING, "")
    config.write_text(blank_file())
    assert read_present(config)[0] is Present.BLANK
    config.write_text("[servers.a]\ncontainer = 'x'\n")
    assert read_present(config) == (Present.IN_USE, config.read_text())


def test_configuration_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigurationError, match="no text"):
        read_present(tmp_path / "c")


def test_new_file_needs_no_copy(tmp_path: Path) -> None:
    file = _planned(tmp_path / "c")

    assert file is not None
    assert (file.replaces, file.kept_as) == (False, None)


def test_file_that_is_as_it_should_be_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("new\n")
    (tmp_path / "c").chmod(0o640)

    assert _planned(tmp_path / "c") is None


def test_symbolic_link_is_refused_before_anything_is_done_but_where_it_leads_to_what_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("new\n")
    (tmp_path / "elsewhere").chmod(0o640)
    (tmp_path / "c").symlink_to(tmp_path / "elsewhere")

    assert _planned(tmp_path / "c") is None
    with pytest.raises(ConfigurationError, match="symbolic link"):
        _planned(tmp_path / "c", "other\n")


def test_wrong_mode_alone_is_mended_without_a_copy(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("new\n")
    (tmp_path / "c").chmod(0o644)

    file = _planned(tmp_path / "c", mode=0o600)

    assert file is not None
    assert (file.replaces, file.kept_as) == (True, None)


def test_the_packages_own_file_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "c").write_text(blank_file())

    file = _planned(tmp_path / "c")

    assert file is not None
    assert (file.replaces, file.kept_as) == (True, None)


def test_what_is_replaced_is_kept_with_its_mode_and_all_is_written(tmp_path: Path) -> None:
    config = tmp_path / "c"
    config.write_text("old\n")
    config.chmod(0o600)
    file = _planned(config)
    assert file is not None
    plan = Plan(files=(file,), directories=((PurePosixPath(tmp_path / "b"), 0o700),))

    with FileChanges() as changes:
        write_planned(plan, changes)

    [copy] = tmp_path.glob("c.*.before")
    assert (copy.read_text(), _mode(copy)) == ("old\n", 0o600)
    assert (config.read_text(), _mode(config)) == ("new\n", 0o640)
    assert _mode(tmp_path / "b") == 0o700


def test_failure_leaves_all_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("old\n")
    first = _planned(tmp_path / "c")
    assert first is not None
    second = PlannedFile(path=PurePosixPath(tmp_path / "nowhere" / "d"), content="", mode=0o600)
    plan = Plan(files=(first, second), directories=((PurePosixPath(tmp_path / "b"), 0o700),))

    with pytest.raises(StorageError), FileChanges() as changes:
        write_planned(plan, changes)

    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    assert (tmp_path / "c").read_text() == "old\n"
