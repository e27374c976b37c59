"""The account that backs up."""

from __future__ import annotations

import pytest

from octeth_backupd.domain.grants import missing_grants
from octeth_backupd.domain.server import Address, Placement
from octeth_backupd.domain.setup.account import (
    Account,
    account_for,
    administrator_lacks,
    grant_statements,
    native_password_hash,
)

_OPTION = ("GRANT OPTION",)
ACCOUNT = Account(user="octeth-backup", host="%")


@pytest.mark.parametrize(
    ("placement", "address", "host"),
    [
        (Placement.CONTAINER, Address(host="127.0.0.1"), "%"),
        (Placement.SYSTEMD, Address(unix_socket="/run/mysqld/mysqld.sock"), "localhost"),
        (Placement.SYSTEMD, Address(host="127.0.0.1"), "127.0.0.1"),
        (Placement.ADDRESS, Address(host="10.0.0.5"), "%"),
    ],
)
def test_account_is_of_the_host_that_the_daemon_comes_from(placement: Placement, address: Address, host: str) -> None:
    assert account_for("octeth-backup", placement, address) == Account(user="octeth-backup", host=host)


def test_statements_grant_what_the_engine_needs_names_of_tables_and_rows_of_the_databases() -> None:
    required = ("BACKUP_ADMIN", "PROCESS", "SELECT ON performance_schema.log_status")

    statements = grant_statements(required, ("oempro",), ACCOUNT, {})

    assert statements == (
        "GRANT BACKUP_ADMIN, PROCESS, SHOW VIEW ON *.* TO 'octeth-backup'@'%';",
        "GRANT SELECT ON performance_schema.log_status TO 'octeth-backup'@'%';",
        "GRANT SELECT ON `oempro`.* TO 'octeth-backup'@'%';",
    )
    assert (
        missing_grants((*required, "SHOW VIEW", "SELECT ON oempro.*"), [text.rstrip(";") for text in statements]) == ()
    )


@pytest.mark.parametrize(
    ("database", "variables", "pattern"),
    [
        ("my_db", {}, "`my\\_db`"),
        ("100%", {"partial_revokes": "OFF"}, "`100\\%`"),
        ("my_db", {"partial_revokes": "ON"}, "`my_db`"),
        ("a`b", {}, "`a``b`"),
    ],
)
def test_database_stands_for_itself_alone(database: str, variables: dict[str, str], pattern: str) -> None:
    *_, rows = grant_statements((), (database,), ACCOUNT, variables)

    assert rows == f"GRANT SELECT ON {pattern}.* TO 'octeth-backup'@'%';"


def test_hash_is_the_one_that_the_servers_function_password_gives() -> None:
    # SELECT PASSWORD('password')
    assert native_password_hash("password") == "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"


@pytest.mark.parametrize(
    ("grants", "lacking"),
    [
        (("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` IDENTIFIED VIA unix_socket WITH GRANT OPTION",), ()),
        (("GRANT SELECT, CREATE USER ON *.* TO `a`@`%` WITH GRANT OPTION", "GRANT X_ADMIN ON *.* TO `a`@`%`"), ()),
        (("GRANT CREATE USER ON *.* TO `a`@`%` WITH GRANT OPTION", "GRANT SELECT ON `mysql`.* TO `a`@`%`"), ()),
        (("GRANT CREATE USER ON *.* TO `a`@`%` WITH GRANT OPTION",), ("SELECT ON mysql.user",)),
        (("GRANT ALL PRIVILEGES ON *.* TO `a`@`%`", "GRANT PROXY ON ``@`` TO `a`@`%` WITH GRANT OPTION"), _OPTION),
        (("GRANT USAGE ON *.* TO `a`@`%`", "GRANT `admins`@`%` TO `a`@`%`"), ()),
    ],
)
def test_what_an_administrator_lacks_is_named_unless_a_role_could_bring_it(
    grants: tuple[str, ...], lacking: tuple[str, ...]
) -> None:
    assert administrator_lacks(grants) == lacking
