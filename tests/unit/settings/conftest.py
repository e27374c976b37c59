"""A configuration file of one good server, to be changed one thing at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from octeth_backupd.settings.load import examine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from octeth_backupd.settings.load import Examination
    from octeth_backupd.settings.problems import Problem

GOOD_SERVER = '[servers.oempro]\ncontainer = "oempro_mysql"\n'
ZONE = '[schedules]\ntimezone = "Europe/Berlin"\n'


class Examine(Protocol):
    """Examine a text as configuration file."""

    def __call__(self, text: str, environment: Mapping[str, str] | None = None) -> Examination: ...


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text)
        path.chmod(0o640)
        return path

    return write


@pytest.fixture
def examined(write_config: Callable[[str], Path]) -> Examine:
    def run(text: str, environment: Mapping[str, str] | None = None) -> Examination:
        return examine(write_config(text), environment or {})

    return run


def only(problems: tuple[Problem, ...]) -> Problem:
    """Return the single problem there is."""
    assert len(problems) == 1, [str(problem) for problem in problems]
    return problems[0]
