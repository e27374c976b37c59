"""Groups of the control socket."""

from __future__ import annotations

import grp

from octeth_backupd.settings.groups import group_problems
from tests.unit.settings.conftest import GOOD_SERVER, ZONE, Examine, only

GOOD = GOOD_SERVER + ZONE


def test_an_admin_group_that_does_not_exist_is_refused_with_the_command_that_makes_it(examined: Examine) -> None:
    examination = examined(f'{GOOD}[control]\nadmin_group = "no-such-group-here"\n')

    problem = only(examination.problems)
    assert examination.settings is None
    assert (problem.path, problem.message) == ("control.admin_group", "there is no group no-such-group-here")
    assert "groupadd --system no-such-group-here" in problem.hint


def test_a_group_that_does_not_exist_is_a_warning(examined: Examine) -> None:
    examination = examined(f'{GOOD}[control]\ngroup = "no-such-group-here"\n')

    assert examination.settings is not None
    assert (only(examination.problems).path, only(examination.problems).is_warning) == ("control.group", True)


def test_groups_that_exist_or_are_not_named_are_no_problem() -> None:
    known = grp.getgrgid(0).gr_name

    assert list(group_problems({"control": {"group": known, "admin_group": known}})) == []
    assert list(group_problems({"control": {}})) == list(group_problems({})) == []
