"""Settings of the control socket."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from octeth_backupd.control.settings import ControlSettings


def test_defaults_are_the_documented_ones() -> None:
    settings = ControlSettings()

    assert settings.socket == Path("/run/octeth-backupd/control.sock")
    assert (settings.group, settings.admin_group) == ("octeth-backup", None)


@pytest.mark.parametrize("values", [{"group": ""}, {"admin_group": ""}, {"sockets": "/x"}])
def test_blank_groups_and_unknown_keys_are_refused(values: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ControlSettings(**values)
