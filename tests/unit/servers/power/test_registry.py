from __future__ import annotations

import pytest

from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.process.docker import Docker
from octeth_backupd.servers.power.container import ContainerPower
from octeth_backupd.servers.power.registry import power_for
from octeth_backupd.servers.power.systemd import SystemdPower
from octeth_backupd.servers.settings import ServerSettings

_DOCKER = Docker("unix:///nonexistent.sock")


def test_switch_fits_the_placement() -> None:
    assert isinstance(power_for(ServerSettings(container="db"), _DOCKER, container_id="a1"), ContainerPower)
    assert isinstance(power_for(ServerSettings(systemd_unit="mysql.service"), _DOCKER), SystemdPower)


def test_server_that_is_only_an_address_is_refused_with_another_way() -> None:
    with pytest.raises(InvalidRequestError, match="cannot be stopped and started") as caught:
        power_for(ServerSettings(address="db.example"), _DOCKER)

    assert "--to" in caught.value.hint
