from __future__ import annotations

import pytest

from octeth_backupd.settings.keys import given_keys, is_secret, keys_of, locate, value_at
from octeth_backupd.settings.settings import Settings


def test_keys_are_walked_through_named_and_nested_tables() -> None:
    paths = {".".join(key.path) for key in keys_of(Settings)}

    assert {"servers.NAME.port", "engines.mariadb-backup.program", "local.directory"} <= paths


def test_passwords_and_keys_of_buckets_are_the_secrets() -> None:
    names = {"servers": ("a", "b"), "storages": ("second",)}

    assert [".".join(key.path) for key in keys_of(Settings, names=names) if is_secret(key.field)] == [
        "servers.a.password",
        "servers.b.password",
        "s3.secret_access_key",
        "s3.session_token",
        "storages.second.secret_access_key",
        "storages.second.session_token",
    ]


@pytest.mark.parametrize(
    ("location", "path", "known"),
    [
        (("local", "directory"), ("local", "directory"), True),
        (("servers", "a", "databases", 0), ("servers", "a", "databases", 0), True),
        (("backup", "parallel", "literal['auto']"), ("backup", "parallel"), True),
        (("servers", "a", "hots"), ("servers", "a", "hots"), False),
        (("servers", "A", "[key]"), ("servers", "A"), False),
        (("nothing", "beneath"), ("nothing",), False),
    ],
)
def test_location_of_an_error_is_followed_as_far_as_toml_goes(
    location: tuple[str | int, ...], path: tuple[str | int, ...], known: bool
) -> None:
    place = locate(Settings, location)

    assert place.path == path
    assert (place.field is not None) == known


def test_siblings_are_what_would_be_right() -> None:
    assert locate(Settings, ("local", "directry")).siblings == ("directory", "keep")


def test_given_keys_are_the_known_ones_among_raw_values() -> None:
    values = {"local": {"directory": "/x", "unknown": 1}, "servers": {"a": {"port": 1}, "b": 5}, "docker": "x"}

    given = {".".join(key.path): value for key, value in given_keys(Settings, values)}

    assert given == {"local.directory": "/x", "servers.a.port": 1}


def test_value_at_a_path_that_leads_nowhere_is_none() -> None:
    assert value_at({"a": 5}, ("a", "b")) is None
    assert value_at({"a": {"b": 5}}, ("a", "b")) == 5
