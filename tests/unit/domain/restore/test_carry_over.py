"""domain.restore.carry_over."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.restore.carry_over import carried_names

PRESENT = (
    ".my-healthcheck.cnf",
    "#innodb_redo",
    "auto.cnf",
    "binlog.000001",
    "ca-key.pem",
    "component_keyring_file.cnf",
    "ibdata1",
    "keyring",
    "mysql",
    "mysql.ibd",
    "mysqld-auto.cnf",
    "mysqld.my",
    "server-cert.pem",
    "shop",
    "tls",
)


def _carried(*variables: tuple[str, str], keep_server_uuid: bool = False) -> tuple[str, ...]:
    known = {"datadir": "/var/lib/mysql/", **dict(variables)}
    return carried_names(PRESENT, variables=known, keep_server_uuid=keep_server_uuid)


def test_what_is_the_servers_goes_along_and_what_is_data_does_not() -> None:
    assert _carried() == (
        ".my-healthcheck.cnf",
        "ca-key.pem",
        "component_keyring_file.cnf",
        "keyring",
        "mysqld-auto.cnf",
        "mysqld.my",
        "server-cert.pem",
    )


def test_identity_goes_along_only_when_it_was_ordered() -> None:
    assert "auto.cnf" not in _carried()
    assert "auto.cnf" in _carried(keep_server_uuid=True)
    assert carried_names((), variables={}, keep_server_uuid=True) == ()


@pytest.mark.parametrize("value", ["tls/server.crt", "/var/lib/mysql/tls/server.crt", "./tls/server.crt"])
def test_tls_files_that_variables_name_in_the_data_directory_go_along(value: str) -> None:
    assert "tls/server.crt" in _carried(("ssl_cert", value))


def test_file_in_a_directory_that_goes_along_anyway_is_not_named_again() -> None:
    assert "keyring/data" not in _carried(("keyring_file_data", "keyring/data"))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ssl_cert", "/etc/mysql/server.crt"),
        ("ssl_cert", "../server.crt"),
        ("ssl_cert", "mysql/server.crt"),
        ("ssl_cert", ""),
        ("ssl_cert", "not-there/server.crt"),
        ("general_log_file", "shop/general.log"),
    ],
)
def test_other_paths_do_not(variable: str, value: str) -> None:
    assert _carried((variable, value)) == _carried()


def test_absolute_path_says_nothing_while_the_data_directory_is_unknown() -> None:
    assert carried_names(("tls",), variables={"ssl_key": "/tls/key"}, keep_server_uuid=False) == ()
    assert carried_names(("tls",), variables={"ssl_key": "tls/key"}, keep_server_uuid=False) == ("tls/key",)


def test_a_database_that_is_called_like_a_keyring_is_data() -> None:
    databases = ("keyring", "keyring_archive", "component_keyring_x", "old.pem")

    names = (*PRESENT, *databases)

    assert not set(databases) & set(
        carried_names(names, directories=("mysql", *databases), variables={}, keep_server_uuid=False)
    )


def test_a_keyring_in_a_directory_goes_along_where_a_variable_names_it() -> None:
    variables = {"datadir": "/var/lib/mysql/", "keyring_file_data": "/var/lib/mysql/keyring/data"}

    carried = carried_names(("keyring",), directories=("keyring",), variables=variables, keep_server_uuid=False)

    assert carried == ("keyring/data",)
