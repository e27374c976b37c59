"""The account that backs up, with no more than it needs: its host, its privileges, the statements that grant them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.grants import grant_statement, missing_grants, parse_grants, quote_account
from octeth_backupd.domain.server import Placement

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.server import Address

USUAL_USER = "octeth-backup"
SHOWS_TABLES = "SHOW VIEW"
"""The smallest privilege by which an account sees the names of all tables; it reads no row."""
_ADMINISTRATOR_NEEDS = ("CREATE USER", "SELECT ON mysql.user")
_GRANT_OPTION = re.compile(r"ON \*\.\* TO .* WITH (?:.* )?GRANT OPTION", re.IGNORECASE)
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as the server knows it."""

    user: str
    host: str

    @property
    def quoted(self) -> str:
        """Return it as SQL writes it."""
        return quote_account(f"{self.user}@{self.host}")


def account_for(user: str, placement: Placement, address: Address) -> Account:
    """Return the account that the daemon and the engine will meet.

    Args:
        user: Its name.
        placement: How the server runs. In a container the daemon comes from the host and a sidecar from the container's
            own address, so that any host must be allowed.
        address: By which the administrator has just logged in.
    """
    if placement is Placement.CONTAINER:
        return Account(user=user, host="%")
    if address.unix_socket:
        return Account(user=user, host="localhost")
    return Account(user=user, host=address.host if address.host in _LOOPBACK else "%")


def administrator_lacks(grants: tuple[str, ...]) -> tuple[str, ...]:
    """Return what whoever is to create the account may not do; empty also where roles could bring it.

    Args:
        grants: The lines of SHOW GRANTS.
    """
    if parse_grants(grants).roles:
        return ()
    missing = missing_grants(_ADMINISTRATOR_NEEDS, grants)
    return missing if any(_GRANT_OPTION.search(line) for line in grants) else (*missing, "GRANT OPTION")


def native_password_hash(password: str) -> str:
    """Return a password as ``mysql_native_password``, MariaDB's usual way to log in, keeps it.

    Source:
        MariaDB documentation, PASSWORD(): ``*`` and the SHA-1 of the SHA-1, in capital hexadecimal digits.
    """
    once = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return f"*{hashlib.sha1(once, usedforsecurity=False).hexdigest().upper()}"


def grant_statements(
    required: tuple[str, ...], databases: tuple[str, ...], account: Account, variables: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the statements that give an account what it needs, in order.

    Args:
        required: Privileges of the engine, as ``Engine.required_grants`` gives them.
        databases: That the tests of a backup read; a restore's gate reads rows of them with this account.
        account: Whose.
        variables: Of the server.
    """
    engine = grant_statement((*required, SHOWS_TABLES), f"{account.user}@{account.host}").splitlines()
    rows = (f"GRANT SELECT ON {_pattern(name, variables)}.* TO {account.quoted};" for name in databases)
    return (*engine, *rows)


def _pattern(database: str, variables: Mapping[str, str]) -> str:
    r"""Return a database's name as GRANT takes it, where ``_`` and ``%`` stand for others unless they are escaped.

    Source:
        MySQL 8.4 manual, 15.7.1.6 "GRANT Statement": with partial_revokes they stand for themselves, and ``\`` too.
    """
    name = database.replace("`", "``")
    if variables.get("partial_revokes", "OFF").upper() != "ON":
        name = name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
    return f"`{name}`"
