"""The name of a systemd unit itself."""

from __future__ import annotations

import pytest

from octeth_backupd.servers.unit_names import unit_itself


@pytest.mark.parametrize(
    ("shown", "name"),
    [
        ({"Id": "mariadb.service", "LoadState": "loaded", "FragmentPath": "/lib/x/mariadb.service"}, "mariadb.service"),
        ({"Id": "mysql@1.service", "LoadState": "loaded", "FragmentPath": "/lib/x/mysql@.service"}, "mysql@1.service"),
        ({"Id": "mysql.service", "LoadState": "error", "FragmentPath": "/etc/x/mariadb.service"}, "mariadb.service"),
        ({"Id": "mysql.service", "LoadState": "error", "FragmentPath": ""}, "mysql.service"),
        ({"Id": "mysql.service", "LoadState": "not-found"}, "mysql.service"),
        ({}, ""),
    ],
    ids=["alias", "instance", "alias of a masked unit", "broken", "absent", "nothing said"],
)
def test_unit_is_known_by_its_own_name(shown: dict[str, str], name: str) -> None:
    assert unit_itself(shown) == name
