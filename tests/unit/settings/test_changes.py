from __future__ import annotations

import pytest

from octeth_backupd.settings.changes import RESTART_KEYS, restart_needed
from octeth_backupd.settings.keys import fields_of, locate
from octeth_backupd.settings.settings import Settings


def settings(**sections: object) -> Settings:
    return Settings.model_validate({"servers": {"a": {"container": "x"}}, "schedules": {"timezone": "UTC"}, **sections})


def test_changes_that_a_reload_takes_up_need_no_restart() -> None:
    assert restart_needed(settings(), settings(retention={"daily": 3}, local={"directory": "/srv/backups"})) == ()


def test_changed_directories_and_socket_need_a_restart() -> None:
    new = settings(daemon={"state_directory": "/srv/state"}, control={"socket": "/run/x.sock"})

    assert restart_needed(settings(), new) == ("daemon.state_directory", "control")


@pytest.mark.parametrize("key", RESTART_KEYS)
def test_restart_keys_exist(key: str) -> None:
    assert key in fields_of(Settings) or locate(Settings, key.split(".")).field is not None
