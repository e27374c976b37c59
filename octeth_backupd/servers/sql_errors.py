"""What a MySQL client's failure means, in our words."""

from __future__ import annotations

import re
import ssl
from typing import TYPE_CHECKING

import pymysql

from octeth_backupd.errors import LoginRefusedError, ServerError, ServerUnreachableError

if TYPE_CHECKING:
    from octeth_backupd.domain.server import Address

# Source: MySQL 8.4 and MariaDB error references, by number.
_ACCESS_DENIED = frozenset({1045, 1698, 1862, 3118, 3955, 4151})
"""Wrong password, no password for a socket-authenticated account, expired password, locked or blocked account."""
_HOST_REFUSED = frozenset({1129, 1130})
_TOO_MANY_CONNECTIONS = frozenset({1040, 1203, 1226})
_SHUTTING_DOWN = frozenset({1053, 1927})
_CONNECTION_LOST = frozenset({2002, 2003, 2006, 2013, 2055, 4031})
_TLS = 2026
_PRIVILEGE_MISSING = frozenset({1044, 1142, 1143, 1227, 1370})

_NEEDED_PRIVILEGE = re.compile(r"\(at least one of\) the (.+?) privilege")


class HostRefusedError(LoginRefusedError):
    """The server lets nobody in from where this connection came from; another address may do."""


class PrivilegeMissingError(ServerError):
    """The account may not ask this."""


def connection_error(error: BaseException, *, address: Address, user: str) -> ServerError:
    """Return why no login came about."""
    code, text = error_number(error), _text_of(error)
    if code in _ACCESS_DENIED:
        return LoginRefusedError(
            f"the server at {address} refused user {user!r}: {text}",
            hint=f"Check user and password_file; try it by hand: {client_command(address, user)}",
        )
    if code in _HOST_REFUSED:
        return HostRefusedError(
            f"the server at {address} lets nobody in from here: {text}",
            hint=f"Create an account for this host, such as {user}@'%', or set socket to the server's Unix socket.",
        )
    if code in _TOO_MANY_CONNECTIONS:
        return ServerError(
            f"the server at {address} takes no more connections: {text}",
            hint="Raise max_connections or find out who holds them (SHOW PROCESSLIST).",
            retryable=True,
        )
    if code == _TLS or any(isinstance(cause, ssl.SSLError) for cause in (error, error.__cause__, error.__context__)):
        return ServerError(
            f"no encrypted connection to the server at {address}: {text}",
            hint="Check tls and tls_ca of the server in the configuration.",
        )
    return ServerUnreachableError(
        f"no server answers at {address}: {text}",
        hint="Check that the server runs and listens there.",
        retryable=True,
    )


def query_error(error: BaseException, *, sql: str, address: Address) -> ServerError:
    """Return why a statement gave no rows."""
    code, text = error_number(error), _text_of(error)
    if isinstance(error, OSError) or code in _CONNECTION_LOST | _SHUTTING_DOWN:
        return ServerUnreachableError(
            f"the connection to the server at {address} was lost: {text}",
            hint="Check that the server still runs; its error log says more.",
            retryable=True,
        )
    statement = " ".join(sql.split())[:120]
    if code in _PRIVILEGE_MISSING:
        needed = _NEEDED_PRIVILEGE.search(text)
        privilege = f" {needed[1]}" if needed else ""
        return PrivilegeMissingError(
            f"the account lacks the privilege{privilege} for: {statement} ({text})",
            hint="Grant it to the account that the daemon logs in with.",
        )
    return ServerError(f"the server refused: {statement} ({text})")


def error_number(error: BaseException) -> int:
    """Return the number of a server's or client's error, 0 when it has none."""
    if isinstance(error, pymysql.MySQLError) and error.args and isinstance(error.args[0], int):
        return error.args[0]
    return 0


def client_command(address: Address, user: str) -> str:
    """Return the command line by which a person tries the same login."""
    if address.unix_socket:
        return f"mysql --socket={address.unix_socket} --user={user} --password"
    return f"mysql --host={address.host} --port={address.port} --user={user} --password"


def _text_of(error: BaseException) -> str:
    if isinstance(error, pymysql.MySQLError) and len(error.args) > 1:
        return str(error.args[1]).strip().rstrip(".")
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).strip().rstrip(".") or type(error).__name__
