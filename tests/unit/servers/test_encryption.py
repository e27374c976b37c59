from typing import cast

import pytest

from octeth_backupd.domain.server import Vendor
from octeth_backupd.servers.encryption import active_keyring, encrypted_tablespaces, encryption_by_variables
from octeth_backupd.servers.session import Session
from tests.unit.servers.builders import ScriptedSession


@pytest.mark.parametrize(
    ("vendor", "variables", "word"),
    [
        (Vendor.MYSQL, {"default_table_encryption": "ON"}, "default_table_encryption"),
        (Vendor.PERCONA, {"binlog_encryption": "ON"}, "binlog_encryption"),
        (Vendor.MARIADB, {"innodb_encrypt_tables": "FORCE"}, "innodb_encrypt_tables"),
        (Vendor.MARIADB, {"encrypt_binlog": "ON"}, "encrypt_binlog"),
    ],
)
def test_switched_on_encryption_is_named(vendor: Vendor, variables: dict[str, str], word: str) -> None:
    (reason,) = encryption_by_variables(variables, vendor)

    assert word in reason


def test_switched_off_encryption_is_no_reason() -> None:
    assert encryption_by_variables({"innodb_encrypt_tables": "OFF", "encrypt_binlog": "0"}, Vendor.MARIADB) == ()


@pytest.mark.parametrize(
    ("vendor", "table"), [(Vendor.MARIADB, "TABLESPACES_ENCRYPTION"), (Vendor.MYSQL, "ENCRYPTION")]
)
def test_encrypted_tablespaces_are_counted_and_one_is_named(vendor: Vendor, table: str) -> None:
    session = ScriptedSession({table: [{"NAME": "shop/cards"}, {"NAME": "shop/users"}]})

    assert encrypted_tablespaces(cast(Session, session), vendor) == ("2 tablespaces, such as shop/cards",)


def test_very_many_are_not_counted_to_the_end() -> None:
    session = ScriptedSession({"ENCRYPTION": [{"NAME": f"shop/t{number}"} for number in range(101)]})

    assert encrypted_tablespaces(cast(Session, session), Vendor.MYSQL) == (
        "more than 100 tablespaces, such as shop/t0",
    )


def test_only_an_active_keyring_counts() -> None:
    active = ScriptedSession({"keyring_component_status": [{"STATUS_VALUE": "Active"}]})
    disabled = ScriptedSession({"keyring_component_status": [{"STATUS_VALUE": "Disabled"}]})

    assert active_keyring(cast(Session, active), Vendor.MYSQL) == ("a keyring component is active",)
    assert active_keyring(cast(Session, disabled), Vendor.MYSQL) == ()
    assert active_keyring(cast(Session, active), Vendor.MARIADB) == ()
