from __future__ import annotations

import pytest

from octeth_backupd.settings.environment import environment_name, read_environment
from octeth_backupd.settings.layers import Layer
from octeth_backupd.settings.problems import Problem


def read(environment: dict[str, str], *server_names: str) -> list[Layer | Problem]:
    return list(read_environment(environment, names={"servers": server_names}))


@pytest.mark.parametrize(
    ("name", "value", "values"),
    [
        ("OCTETH_BACKUPD_LOCAL__DIRECTORY", "/x", {"local": {"directory": "/x"}}),
        ("OCTETH_BACKUPD_LOCAL__KEEP", "false", {"local": {"keep": False}}),
        ("OCTETH_BACKUPD_METRICS__ALLOW_REMOTE", "On", {"metrics": {"allow_remote": True}}),
        ("OCTETH_BACKUPD_LOCAL__KEEP", "perhaps", {"local": {"keep": "perhaps"}}),
        ("OCTETH_BACKUPD_SERVERS__OEMPRO__PORT", "3307", {"servers": {"oempro": {"port": "3307"}}}),
        ("OCTETH_BACKUPD_SERVERS__OEMPRO__DATABASES", '["a"]', {"servers": {"oempro": {"databases": ["a"]}}}),
        ("OCTETH_BACKUPD_SERVERS__OEMPRO__PASSWORD", "[1]", {"servers": {"oempro": {"password": "[1]"}}}),
        ("OCTETH_BACKUPD_BACKUP", '{"verify": "hash"}', {"backup": {"verify": "hash"}}),
        (
            "OCTETH_BACKUPD_ENGINES__MARIADB_BACKUP__PROGRAM",
            "/x",
            {"engines": {"mariadb-backup": {"program": "/x"}}},
        ),
        ("OCTETH_BACKUPD_SERVERS__MAIL_2__USER", "x", {"servers": {"mail-2": {"user": "x"}}}),
    ],
)
def test_variable_becomes_a_layer_spelt_as_in_toml(name: str, value: str, values: dict[str, object]) -> None:
    assert read({name: value}, "mail-2") == [Layer(source=f"environment variable {name}", values=values)]


def test_hyphen_is_not_guessed_when_two_servers_fit() -> None:
    [layer] = read({"OCTETH_BACKUPD_SERVERS__A_B_C__USER": "x"}, "a-b_c", "a_b-c")

    assert isinstance(layer, Layer)
    assert layer.values == {"servers": {"a_b_c": {"user": "x"}}}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("OCTETH_BACKUPD_LOCAL_DIRECTORY", "Did you mean OCTETH_BACKUPD_LOCAL__DIRECTORY?"),
        ("OCTETH_BACKUPD_SERVER__OEMPRO__PORT", "Did you mean OCTETH_BACKUPD_SERVERS__OEMPRO__PORT?"),
        ("OCTETH_BACKUPD_X", "Names are OCTETH_BACKUPD_SECTION__KEY"),
    ],
)
def test_variable_that_fits_no_key_is_a_problem(name: str, hint: str) -> None:
    [problem] = read({name: "x"}, "oempro")

    assert isinstance(problem, Problem)
    assert problem.message == "no such setting"
    assert problem.source == f"environment variable {name}"
    assert hint in problem.hint


def test_list_that_is_not_json_is_a_problem_of_its_own() -> None:
    problem, layer = read(
        {"OCTETH_BACKUPD_SERVERS__O__DATABASES": "oempro", "OCTETH_BACKUPD_SERVERS__O__USER": "x"}, "o"
    )

    assert isinstance(problem, Problem)
    assert problem.message == "the value is not JSON"
    assert isinstance(layer, Layer)


def test_variables_of_other_programs_and_of_octeth_backupctl_are_left_alone() -> None:
    others = {"OCTETH_BACKUPD_SOCKET": "/x", "OCTETH_BACKUPD_RUN": "a/b", "OCTETH_BACKUP_TOOL": "x", "PATH": "/bin"}

    assert read(others) == []


def test_environment_of_the_process_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTETH_BACKUPD_LOCAL__DIRECTORY", "/from/process")

    assert read({"OCTETH_BACKUPD_LOCAL__KEEP": "true"}) == [
        Layer(source="environment variable OCTETH_BACKUPD_LOCAL__KEEP", values={"local": {"keep": True}})
    ]


def test_name_of_a_key_has_no_hyphen() -> None:
    assert environment_name(("engines", "mariadb-backup", "program")) == (
        "OCTETH_BACKUPD_ENGINES__MARIADB_BACKUP__PROGRAM"
    )
