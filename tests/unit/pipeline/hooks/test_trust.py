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


def test_what_is_no_program_is_told(program: Path, tmp_path: Path) -> None:
    program.chmod(0o644)

    assert distrust(str(program), owners=OWN) == f"{program} is not executable"
    assert distrust(str(tmp_path), owners=OWN) == f"{tmp_path} is not a file"
    assert distrust(str(tmp_path / "none"), owners=OWN) == f"{tmp_path}/none does not exist"
    assert "cannot be looked at" in distrust(f"{program}/x", owners=OWN)
