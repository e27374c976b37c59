"""Trying a configuration without writing it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from octeth_backupd.domain.secret import Secret
from octeth_backupd.settings.trial import try_configuration

PATH = Path("/nowhere/config.toml")
SECRET = Secret(path=PurePosixPath("/nowhere/oempro.password"), text="hunter2")
GOOD = f"""\
[servers.oempro]
container = "oempro_mysql"
password_file = "{SECRET.path}"
[schedules]
timezone = "UTC"
"""


def test_good_configuration_is_taken_with_a_secret_that_is_nowhere_yet() -> None:
    found = try_configuration(GOOD, (SECRET,), path=PATH, environment={})

    assert [str(problem) for problem in found.problems] == []
    assert found.settings is not None
    assert found.settings.servers["oempro"].password.get_secret_value() == "hunter2"
    assert not PATH.exists()


def test_problems_name_the_place_where_the_file_would_be() -> None:
    found = try_configuration(GOOD.replace("UTC", "Moon"), (SECRET,), path=PATH, environment={})

    assert found.settings is None
    assert {problem.source for problem in found.problems} == {str(PATH)}
