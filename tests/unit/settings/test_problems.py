from __future__ import annotations

from octeth_backupd.settings.problems import Problem, render_problems, toml_path, without_duplicates


def test_path_is_written_as_in_toml() -> None:
    assert toml_path(("servers", "a b", "databases", 0)) == 'servers."a b".databases[0]'


def test_control_characters_of_a_name_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in toml_path(("servers", "\x1b[31m"))


def test_problem_reads_path_message_source() -> None:
    problem = Problem(path="local.directory", message="must be an absolute path", source="file")

    assert str(problem) == "local.directory: must be an absolute path (file)"
    assert str(Problem(path="", message="no such setting")) == "no such setting"


def test_list_has_each_hint_below_its_problem_and_leaves_out_the_source_it_is_about() -> None:
    problems = [Problem(path="a", message="m", hint="H.", source="file"), Problem(path="b", message="n", source="env")]

    assert render_problems(problems, unsaid_source="file") == "  a: m\n      H.\n  b: n (env)"


def test_same_finding_is_kept_once() -> None:
    first = Problem(path="a", message="m", hint="1")
    other = Problem(path="b", message="m")

    assert without_duplicates([first, Problem(path="a", message="m", hint="2"), other]) == (first, other)
