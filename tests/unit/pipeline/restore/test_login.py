"""Which passwords are tried, and that none of them shows."""

from __future__ import annotations

from pydantic import SecretStr

from octeth_backupd.pipeline.restore.login import logins_for
from octeth_backupd.servers.settings import ServerSettings

SETTINGS = ServerSettings.model_validate({"address": "x", "user": "root", "password": "swordfish"})


def test_configured_password_is_tried_first_and_the_old_one_only_when_given() -> None:
    assert [login.source for login in logins_for(SETTINGS, None)] == ["configured"]
    assert [login.source for login in logins_for(SETTINGS, SecretStr("before"))] == ["configured", "old"]


def test_passwords_do_not_show() -> None:
    logins = logins_for(SETTINGS, SecretStr("before"))

    assert "swordfish" not in repr(logins)
    assert "before" not in repr(logins)
    assert logins[1].password.get_secret_value() == "before"
