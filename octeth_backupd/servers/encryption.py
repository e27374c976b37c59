"""Whether the server's files are encrypted, so that a backup needs keys that it does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Vendor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.servers.session import Session

_MYSQL_ENCRYPTED = """
    SELECT NAME FROM information_schema.INNODB_TABLESPACES WHERE ENCRYPTION = 'Y' ORDER BY NAME LIMIT 101
"""
_MYSQL_KEYRING = """
    SELECT STATUS_VALUE FROM performance_schema.keyring_component_status WHERE STATUS_KEY = 'Component_status'
"""
_MARIADB_ENCRYPTED = """
    SELECT NAME FROM information_schema.INNODB_TABLESPACES_ENCRYPTION
    WHERE ENCRYPTION_SCHEME > 0 AND MIN_KEY_VERSION > 0 ORDER BY NAME LIMIT 101
"""
_MANY = 100
_OFF = frozenset({"", "OFF", "0", "N", "NO", "FALSE"})

# Variable → what it encrypts. Source: MySQL 8.4 manual 17.13 "InnoDB Data-at-Rest Encryption"; MariaDB
# "Data-at-Rest Encryption Overview".
_MYSQL_VARIABLES = {
    "default_table_encryption": "new tables (default_table_encryption)",
    "innodb_redo_log_encrypt": "the redo log (innodb_redo_log_encrypt)",
    "innodb_undo_log_encrypt": "the undo logs (innodb_undo_log_encrypt)",
    "binlog_encryption": "the binary logs (binlog_encryption)",
}
_MARIADB_VARIABLES = {
    "innodb_encrypt_tables": "InnoDB's tables (innodb_encrypt_tables)",
    "innodb_encrypt_log": "the redo log (innodb_encrypt_log)",
    "aria_encrypt_tables": "Aria's tables (aria_encrypt_tables)",
    "encrypt_binlog": "the binary logs (encrypt_binlog)",
}


def encryption_by_variables(variables: Mapping[str, str], vendor: Vendor) -> tuple[str, ...]:
    """Return what the variables say is encrypted, in words."""
    names = _MARIADB_VARIABLES if vendor is Vendor.MARIADB else _MYSQL_VARIABLES
    return tuple(words for name, words in names.items() if variables.get(name, "").upper() not in _OFF)


def encrypted_tablespaces(session: Session, vendor: Vendor) -> tuple[str, ...]:
    """Return in words that tablespaces are encrypted; empty when none is.

    Raises:
        ServerError: The query failed; the account may lack PROCESS.
    """
    rows = session.rows(_MARIADB_ENCRYPTED if vendor is Vendor.MARIADB else _MYSQL_ENCRYPTED)
    if not rows:
        return ()
    number = f"more than {_MANY}" if len(rows) > _MANY else str(len(rows))
    return (f"{number} tablespaces, such as {rows[0]['NAME']}",)


def active_keyring(session: Session, vendor: Vendor) -> tuple[str, ...]:
    """Return in words that MySQL has a keyring component in use; empty when not.

    Raises:
        ServerError: The query failed; the account may lack SELECT on the table, or the server has no such table.
    """
    if vendor is Vendor.MARIADB:
        return ()
    return ("a keyring component is active",) if session.value(_MYSQL_KEYRING) == "Active" else ()
