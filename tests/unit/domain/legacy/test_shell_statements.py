"""What commands assign."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.legacy.shell_statements import Assignment, Execution, Removal, Statement, statements
from octeth_backupd.domain.legacy.shell_words import Text, Unfinished


def _assignments(script: str) -> dict[str, Assignment]:
    return {one.name: one for one in statements(script) if isinstance(one, Assignment)}


def test_assignments_and_exports_are_plain() -> None:
    found = _assignments("A=1 B=2\nexport C='3' D\n  E= # none\n")

    assert sorted(found) == ["A", "B", "C", "E"]
    assert not any(one.problem or one.is_conditional for one in found.values())
    assert found["C"].value == (Text(text="3", quote="'"),)
    assert found["E"].value == ()


@pytest.mark.parametrize(
    "line",
    [
        "A=a b", "A=a&b", "A=a&&b", "A=a||b", "A=a;;",
        "A=a|b", "A=a;b", "A=a<b", "A=a>b", "A=(a)", "A=a(b", "A+=a", "A[0]=a", "export A={a,b}",
        "export -n A=a", "true | A=a",
    ],
)  # fmt: skip
def test_value_that_bash_takes_apart_is_a_problem(line: str) -> None:
    assert _assignments(line)["A"].problem


@pytest.mark.parametrize(
    "script",
    [
        "if true; then A=1; fi", "if true\nthen\n A=1\nelse\n A=2\nfi", "[ -z x ] && A=1", "false || A=1",
        "for x in 1 2; do A=$x; done", "while false; do A=1; done", "case x in y) A=1;; esac", "f() { A=1; }",
        "( A=1 )", "{ A=1; }", "function f { A=1; }",
    ],
)  # fmt: skip
def test_what_depends_on_a_condition_says_so(script: str) -> None:
    found = _assignments(f"{script}\nB=1")

    assert found["A"].is_conditional or found["A"].problem
    assert not found["B"].is_conditional


def test_semicolon_between_assignments_is_no_problem() -> None:
    found = _assignments("A=1; B=2; export C=3; # end")

    assert [one.problem for one in found.values()] == ["", "", ""]


def test_commands_are_told_without_their_words() -> None:
    found: list[Statement] = list(statements("PASSWORD=se cret\nsource other\nset -a\n"))

    executions = [one for one in found if isinstance(one, Execution)]
    assert [one.line for one in executions] == [1, 2]
    assert "cret" not in repr(executions)


def test_unset_is_a_removal() -> None:
    assert list(statements("unset A B")) == [Removal(name="A", line=1), Removal(name="B", line=1)]


def test_unset_under_a_condition_is_no_removal() -> None:
    assert not [one for one in statements("if x; then unset A; fi") if isinstance(one, Removal)]


def test_unfinished_script_ends_there() -> None:
    *_, last = statements("A=1\nB='2\nC=3")

    assert isinstance(last, Unfinished)
