"""``config show``."""

import tomllib

from octeth_backupd.cli.ctl.commands.config import toml_lines
from tests.fakes.services import FakeServices
from tests.fakes.terminal import FakeConnection, run_command


def shown(services: FakeServices, *argv: str) -> str:
    return run_command(FakeConnection(services), *argv)[1].shown


def test_shown_settings_are_toml_and_masked() -> None:
    text = shown(FakeServices(), "config", "show")

    assert tomllib.loads(text) == FakeServices().settings
    assert 'password = "**********"' in text


def test_settings_that_are_not_set_are_left_out_and_odd_names_are_quoted() -> None:
    settings = {"a": 1, "servers": {"db.main": {"port": None, "databases": ["x", "ü"], "on": True}}}

    text = "\n".join(toml_lines(settings))

    assert tomllib.loads(text) == {"a": 1, "servers": {"db.main": {"databases": ["x", "ü"], "on": True}}}
