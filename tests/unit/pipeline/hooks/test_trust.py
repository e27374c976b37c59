"""Which programs may be run."""

import os
from pathlib import Path

import pytest

from octeth_backupd.pipeline.hooks.trust import ROOT_ALONE, distrust
from tests.fakes.hook_programs import write_program

OWN = ROOT_ALONE | {os.geteuid()}


@pytest.fixture
def program(tmp_path: Path) -> Path:
    directory = tmp_path / "sbin"
    directory.mkdir(mode=0o755)
    return Path(write_program(directory, "hook", "true"))


def test_a_program_that_its_owner_alone_may_write_is_trusted(program: Path) -> None:
    assert distrust(str(program), owners=OWN) == ""


def test_programs_of_the_system_are_trusted_by_root_alone() -> None:
    assert distrust("/bin/true") == ""


def test_somebody_elses_program_is_not(program: Path) -> None:
    assert distrust(str(program), owners=frozenset({987654})).startswith(f"{program.resolve()} belongs to user ")


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_a_program_that_others_may_write_is_not(program: Path, mode: int) -> None:
    program.chmod(mode)

    assert distrust(str(program), owners=OWN) == f"others than its owner may write {program.resolve()}"


def test_a_directory_that_others_may_write_is_as_bad(program: Path) -> None:
    program.parent.chmod(0o777)

    assert distrust(str(program), owners=OWN) == f"others than its owner may write {program.parent}"


def test_in_a_sticky_directory_nobody_replaces_what_is_not_his(program: Path) -> None:
    program.parent.chmod(0o1777)

    assert distrust(str(program), owners=OWN) == ""


def test_a_link_is_as_bad_as_where_it_lies_and_where_it_leads(program: Path, tmp_path: Path) -> None:
    open_directory = tmp_path / "open"
    open_directory.mkdir()
    link = open_directory / "link"
    link.symlink_to(program)
    assert distrust(str(link), owners=OWN) == ""

    open_directory.chmod(0o777)
    assert "may write" in distrust(str(link), owners=OWN)
    open_directory.chmod(0o755)
    program.chmod(0o777)
    assert "may write" in distrust(str(link), owners=OWN)


def test_every_link_of_a_chain_is_looked_at(program: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for directory in (first, second):
        directory.mkdir()
    (second / "hook").symlink_to(program)
    (first / "hook").symlink_to("../second/hook")
    assert distrust(str(first / "hook"), owners=OWN) == ""

    second.chmod(0o777)

    assert distrust(str(first / "hook"), owners=OWN) == f"others than its owner may write {second.resolve()}"


def test_a_link_to_a_directory_on_the_way_is_looked_at(program: Path, tmp_path: Path) -> None:
    middle = tmp_path / "middle"
    middle.mkdir()
    (middle / "sbin").symlink_to(program.parent)
    (tmp_path / "way").symlink_to(middle / "sbin")
    assert distrust(str(tmp_path / "way" / "hook"), owners=OWN) == ""

    middle.chmod(0o777)

    assert distrust(str(tmp_path / "way" / "hook"), owners=OWN) == f"others than its owner may write {middle.resolve()}"


def test_somebody_elses_link_in_a_sticky_directory_is_not_followed(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(program)
    tmp_path.chmod(0o1777)
    lstat = Path.lstat

    def given_away(path: Path) -> os.stat_result:
        mode, inode, device, links, owner, *others = lstat(path)
        return os.stat_result((mode, inode, device, links, 987654 if path == link else owner, *others))

    monkeypatch.setattr(Path, "lstat", given_away)

    assert distrust(str(link), owners=OWN) == f"{link} belongs to user 987654, not to root"


def test_links_in_a_circle_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")

    assert "cannot be looked at" in distrust(str(tmp_path / "a"), owners=OWN)


def test_what_is_no_program_is_told(program: Path, tmp_path: Path) -> None:
    program.chmod(0o644)

    assert distrust(str(program), owners=OWN) == f"{program} is not executable"
    assert distrust(str(tmp_path), owners=OWN) == f"{tmp_path} is not a file"
    assert distrust(str(tmp_path / "none"), owners=OWN) == f"{tmp_path}/none does not exist"
    assert "cannot be looked at" in distrust(f"{program}/x", owners=OWN)
