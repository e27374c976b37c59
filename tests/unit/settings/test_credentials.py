from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from octeth_backupd.settings.credentials import read_credentials
from octeth_backupd.settings.layers import Layer
from octeth_backupd.settings.problems import Problem

if TYPE_CHECKING:
    from pathlib import Path


def read(directory: Path | str) -> list[Layer | Problem]:
    return list(read_credentials({"CREDENTIALS_DIRECTORY": str(directory)}, names={"servers": ("oempro",)}))


def credential(directory: Path, name: str, text: str = "secret\n") -> None:
    (directory / name).write_text(text)
    (directory / name).chmod(0o400)


def test_credential_called_like_a_secret_is_its_value(tmp_path: Path) -> None:
    credential(tmp_path, "servers.oempro.password")

    assert read(tmp_path) == [
        Layer(
            source="credential servers.oempro.password",
            values={"servers": {"oempro": {"password": "secret"}}},
        )
    ]


@pytest.mark.parametrize("name", ["server.oempro.password", "servers.oempr.password", "servers.oempro.pasword"])
def test_misspelt_credential_is_a_problem(tmp_path: Path, name: str) -> None:
    credential(tmp_path, name)

    [problem] = read(tmp_path)

    assert isinstance(problem, Problem)
    assert problem.source == f"credential {name}"
    assert problem.hint == "Did you mean servers.oempro.password?"


def test_credential_for_a_key_that_is_no_secret_is_a_problem(tmp_path: Path) -> None:
    credential(tmp_path, "servers.oempro.user")

    [problem] = read(tmp_path)

    assert isinstance(problem, Problem)


def test_empty_credential_is_a_problem(tmp_path: Path) -> None:
    credential(tmp_path, "servers.oempro.password", text="")

    [problem] = read(tmp_path)

    assert isinstance(problem, Problem)
    assert "is empty" in problem.message


def test_names_without_a_dot_belong_to_file_keys(tmp_path: Path) -> None:
    credential(tmp_path, "oempro-password")
    credential(tmp_path, ".hidden")

    assert read(tmp_path) == []


def test_directory_that_is_not_there_is_a_problem() -> None:
    [problem] = read("/nonexistent/credentials")

    assert isinstance(problem, Problem)
    assert "cannot be read" in problem.message


def test_without_systemd_there_are_none() -> None:
    assert list(read_credentials({}, names={"servers": ("oempro",)})) == []
