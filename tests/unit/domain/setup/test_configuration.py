"""The configuration file that setup writes."""

from __future__ import annotations

import tomllib
from pathlib import PurePosixPath
from typing import Any

import pytest

from octeth_backupd.domain.server import Placement
from octeth_backupd.domain.setup.configuration import (
    ServerAnswers,
    new_configuration,
    split_address,
    with_server,
)


def _answers(**changes: Any) -> ServerAnswers:
    keys: dict[str, Any] = {"name": "one", "placement": Placement.CONTAINER, "target": "db", "user": "backup"}
    return ServerAnswers(**{**keys, **changes})


@pytest.mark.parametrize(
    ("placement", "target", "keys"),
    [
        (Placement.CONTAINER, "db", {"container": "db"}),
        (Placement.SYSTEMD, "mysql.service", {"systemd_unit": "mysql.service"}),
        (Placement.ADDRESS, "/run/mysqld/mysqld.sock", {"socket": "/run/mysqld/mysqld.sock"}),
        (Placement.ADDRESS, "db1:3307", {"address": "db1", "port": 3307}),
        (Placement.ADDRESS, "db1", {"address": "db1"}),
    ],
)
def test_table_names_the_server_in_one_way(placement: Placement, target: str, keys: dict[str, Any]) -> None:
    assert _answers(placement=placement, target=target).table() == {**keys, "user": "backup"}


def test_new_configuration_says_server_directory_and_image() -> None:
    answers = _answers(password_file=PurePosixPath("/etc/x"), databases=("a", "b"))

    values = tomllib.loads(new_configuration(answers, directory=PurePosixPath("/mnt/b"), sidecar_image="percona/x:8.0"))

    assert values == {
        "servers": {"one": {"container": "db", "user": "backup", "password_file": "/etc/x", "databases": ["a", "b"]}},
        "local": {"directory": "/mnt/b"},
        "backup": {"sidecar_image": "percona/x:8.0"},
    }


def test_added_server_leaves_every_byte_before_it() -> None:
    before = "# mine\n[servers.one]\ncontainer = 'db' # kept\n\n[local]\nkeep = true\n"

    after = with_server(before, _answers(name="two", target="other"))

    assert after.startswith(before)
    assert tomllib.loads(after)["servers"] == {
        "one": {"container": "db"},
        "two": {"container": "other", "user": "backup"},
    }


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("db1", ("db1", None)),
        ("db1:3307", ("db1", 3307)),
        ("[::1]:3307", ("::1", 3307)),
        ("::1", ("::1", None)),
        ("[::1]", ("::1", None)),
    ],
)
def test_address_is_split_into_host_and_port(text: str, split: tuple[str, int | None]) -> None:
    assert split_address(text) == split
