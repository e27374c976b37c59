from typing import Any

import pytest
from pydantic import ValidationError

from octeth_backupd.domain.server import Placement
from octeth_backupd.servers.settings import ServerSettings


@pytest.mark.parametrize(
    ("values", "placement"),
    [
        ({"container": "oempro_mysql"}, Placement.CONTAINER),
        ({"container": "oempro_mysql", "address": "10.0.0.5", "port": 3307}, Placement.CONTAINER),
        ({"systemd_unit": "mysql.service"}, Placement.SYSTEMD),
        ({"address": "127.0.0.1"}, Placement.ADDRESS),
        ({"socket": "/run/mysqld/mysqld.sock"}, Placement.ADDRESS),
    ],
)
def test_placement_follows_from_what_is_given(values: dict[str, Any], placement: Placement) -> None:
    assert ServerSettings.model_validate(values).placement is placement


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, "one of container"),
        ({"port": 3306}, "one of container"),
        ({"container": "a", "systemd_unit": "b"}, "exclude each other"),
        ({"address": "a", "socket": "/b"}, "exclude each other"),
        ({"container": ""}, "at least 1 character"),
        ({"container": "a", "port": 0}, "greater than or equal to 1"),
        ({"container": "a", "data_directory": "srv/mysql"}, "data_directory must be an absolute path"),
        ({"container": "a", "tls": "disabled", "tls_ca": "/ca.pem"}, "tls_ca has no use"),
        ({"container": "a", "datadir": "/srv"}, "datadir"),
    ],
)
def test_what_cannot_be_meant_is_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ServerSettings.model_validate(values)


def test_password_is_not_shown() -> None:
    settings = ServerSettings.model_validate({"container": "a", "password": "swordfish"})

    assert "swordfish" not in repr(settings)
