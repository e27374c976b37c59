from __future__ import annotations

import pytest

from octeth_backupd.settings.rules import broken_rules, secrets_given_in


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        ({"retention": {"daily": True}}, "retention.daily", "must be a whole number"),
        ({"local": {"directory": "backups"}}, "local.directory", "must be an absolute path"),
        ({"local": {"directory": "~/backups"}}, "local.directory", "must be an absolute path"),
        ({"local": {"directory": ""}}, "local.directory", "must be an absolute path"),
        ({"daemon": {"state_directory": ""}}, "daemon.state_directory", "must be an absolute path"),
        ({"control": {"socket": ""}}, "control.socket", "must be an absolute path"),
        ({"local": {"directory": "/srv/../etc"}}, "local.directory", 'must not contain ".."'),
        ({"local": {"directory": "/srv/\0x"}}, "local.directory", "must not contain a zero byte"),
        ({"compression": {"algorithm": "gzip", "level": 12}}, "compression.level", "from 1 to 9 for gzip"),
        ({"compression": {"algorithm": "gzip", "level": "12"}}, "compression.level", "from 1 to 9 for gzip"),
        ({"engines": {"mariadb_backup": {}}}, "engines.mariadb_backup", "unknown key"),
        ({"local": {"keep": False}}, "local.keep", "kept nowhere"),
        ({"local": {"keep": "off"}}, "local.keep", "must be true or false"),
        ({"local": {"keep": "no"}}, "local.keep", "must be true or false"),
        ({"local": {"keep": 1}}, "local.keep", "must be true or false"),
        ({"docker": {"host": "/var/run/docker.sock"}}, "docker.host", "not the address of a Docker engine"),
        ({"compression": {"threads": 0}}, "compression.threads", "at least 1"),
        ({"control": {"socket": "/run/" + "x" * 103}}, "control.socket", "longer than 107 bytes"),
        ({"servers": {"latest": {"container": "m"}}}, "servers.latest", "not possible as the name of a server"),
        ({"servers": {"daily": {"container": "m"}}}, "servers.daily", "not possible as the name of a server"),
        (
            {"servers": {"oempro": {"container": "m"}}, "notify": {"ping": {"servers": ["oempro", "shop"]}}},
            "notify.ping.servers",
            "no server 'shop'",
        ),
        (
            {"servers": {"a": {"container": "m"}, "b": {"container": "m"}}},
            "servers.b.container",
            "the same as servers.a.container",
        ),
        (
            {"servers": {"a": {"address": "h", "port": 1}, "b": {"address": "h", "port": 1}}},
            "servers.b.address",
            "the same as servers.a.address",
        ),
    ],
)
def test_broken_rule_names_the_key(values: dict[str, object], path: str, message: str) -> None:
    [problem] = broken_rules(values)

    assert problem.path == path
    assert message in problem.message


@pytest.mark.parametrize(
    "values",
    [
        {"local": {"keep": True}},
        {"local": {"keep": False}, "s3": {"bucket": "b"}},
        {"local": {"keep": False}, "storages": {"offsite": {"bucket": "b"}}},
        {"backup": {"workspace_directory": ""}},
        {"compression": {"algorithm": "zstd", "level": 12, "threads": "auto"}},
        {"control": {"socket": "/run/" + "x" * 102}},
        {"servers": {"a": {"address": "h", "port": 1}, "b": {"address": "h", "port": 2}}},
        {"servers": {"a": "x", "b": {"container": "m"}}},
    ],
)
def test_good_values_break_no_rule(values: dict[str, object]) -> None:
    assert list(broken_rules(values)) == []


def test_secrets_are_found_but_not_their_files() -> None:
    values = {"servers": {"a": {"password": "p"}, "b": {"password_file": "/x"}, "c": {"password": ""}}}

    assert secrets_given_in(values) == ("servers.a.password",)
