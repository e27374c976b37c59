"""Programs of hooks, as check-config sees them."""

import os
from pathlib import Path

from octeth_backupd.settings.hook_programs import hook_problems
from tests.fakes.hook_programs import write_program
from tests.unit.settings.conftest import GOOD_SERVER, ZONE, Examine, only


def test_a_program_that_may_be_run_is_no_problem(examined: Examine, tmp_path: Path) -> None:
    program = write_program(tmp_path, "hook", "true")
    settings = examined(f'{GOOD_SERVER}{ZONE}[hooks]\nafter_backup = [["{program}"]]\n').settings
    assert settings is not None

    assert list(hook_problems(settings, owners=frozenset({0, os.geteuid()}))) == []


def test_a_program_that_is_missing_is_told_with_its_key(examined: Examine) -> None:
    settings = examined(f'{GOOD_SERVER}{ZONE}[hooks]\non_failure = [["/nowhere/hook", "x"]]\n').settings
    assert settings is not None

    problem = only(tuple(hook_problems(settings)))

    assert (problem.path, problem.message) == ("hooks.on_failure", "/nowhere/hook does not exist")
    assert problem.hint == "Put the program there, or correct its path."


def test_each_reason_has_a_hint_of_its_own(examined: Examine, tmp_path: Path) -> None:
    program = write_program(tmp_path, "my hook", "true")
    settings = examined(f'{GOOD_SERVER}{ZONE}[hooks]\non_failure = [["{program}"]]\n').settings
    assert settings is not None
    owners = frozenset({0, os.geteuid()})

    Path(program).chmod(0o777)
    too_open = only(tuple(hook_problems(settings, owners=owners)))
    Path(program).chmod(0o600)
    not_executable = only(tuple(hook_problems(settings, owners=owners)))

    assert "chmod go-w" in too_open.hint
    assert not_executable.hint == f"Run: chmod 755 '{program}'"


def test_the_kind_of_a_hook_is_told_when_it_is_wrong(examined: Examine) -> None:
    problem = only(examined(f'{GOOD_SERVER}{ZONE}[hooks]\nbefore_backup = ["/bin/true"]\n').problems)

    assert problem.path.startswith("hooks.before_backup")
    assert 'a list of commands such as [["/usr/local/sbin/program", "argument"]]' in problem.message
