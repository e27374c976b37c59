"""One login at a server: SQL in, rows out, everything bounded in time."""

from __future__ import annotations

import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.cursors import DictCursor

from octeth_backupd.errors import ServerError
from octeth_backupd.servers.dialing import dial, peer_process_id
from octeth_backupd.servers.sql_errors import connection_error, query_error

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from octeth_backupd.domain.server import Address
    from octeth_backupd.servers.settings import ServerSettings

CONNECT_TIMEOUT_SECONDS = 5
QUERY_TIMEOUT_SECONDS = 60
_PREPARE_SESSION = "SET SESSION sql_mode = '', time_zone = '+00:00', lock_wait_timeout = 10"


class Session:
    """A connection that has logged in. Not for use by several threads at once.

    Attributes:
        address: Where it is connected to.
        user: Account name it logged in with.
        server_process_id: Pid of the server as this host knows it, where a Unix socket tells it.
    """

    def __init__(
        self,
        connection: pymysql.Connection[DictCursor],
        *,
        address: Address,
        user: str,
        server_process_id: int | None = None,
    ) -> None:
        self._connection = connection
        self.address = address
        self.user = user
        self.server_process_id = server_process_id

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Return the rows of a statement, column name → value; empty for a statement without result.

        Raises:
            ServerUnreachableError: The connection was lost or the server did not answer in time.
            PrivilegeMissingError: The account may not ask this.
            ServerError: The server refused the statement for another reason.
        """
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, tuple(args) or None)
                return list(cursor.fetchall())
        except (pymysql.MySQLError, OSError) as error:
            raise query_error(error, sql=sql, address=self.address) from error

    def value(self, sql: str) -> Any:
        """Return the first column of the first row, None when there is no row; raises like ``rows``."""
        rows = self.rows(sql)
        return next(iter(rows[0].values())) if rows else None

    def close(self) -> None:
        """Log out; fine when the server is gone."""
        with contextlib.suppress(pymysql.MySQLError, OSError):
            self._connection.close()


@contextmanager
def open_session(
    address: Address, settings: ServerSettings, *, query_timeout_seconds: float = QUERY_TIMEOUT_SECONDS
) -> Iterator[Session]:
    """Log in, and out again at the end of the block.

    Args:
        address: Where.
        settings: Who logs in, and how.
        query_timeout_seconds: How long a statement may take to answer.

    Raises:
        ServerUnreachableError: Nobody answers there, or not in time.
        HostRefusedError: The server lets nobody in from here; another address may do.
        LoginRefusedError: User or password are wrong; do not try again.
        ServerError: It answers but takes no connection now.
    """
    try:
        transport = dial(address, timeout_seconds=CONNECT_TIMEOUT_SECONDS)
    except OSError as error:
        raise connection_error(error, address=address, user=settings.user) from error
    try:
        session = _log_in(transport, address, settings, query_timeout_seconds)
    except (pymysql.MySQLError, OSError, RuntimeError) as error:
        transport.close()
        raise connection_error(error, address=address, user=settings.user) from error
    except BaseException:
        transport.close()
        raise
    try:
        yield session
    finally:
        session.close()


def _log_in(
    transport: socket.socket, address: Address, settings: ServerSettings, query_timeout_seconds: float
) -> Session:
    process_id = peer_process_id(transport)
    connection: Any = _new_connection(address, settings)
    # PyMySQL cannot see it of a transport that it is handed: over a Unix socket nobody listens in, and the server takes
    # the password without a key of its own.
    connection._secure = bool(address.unix_socket)
    connection.connect(transport)
    # The handshake has the short limit; PyMySQL has no public way to give what follows a longer one.
    connection._read_timeout = query_timeout_seconds
    session = Session(connection, address=address, user=settings.user, server_process_id=process_id)
    session.rows(_PREPARE_SESSION)
    return session


def _new_connection(address: Address, settings: ServerSettings) -> pymysql.Connection[DictCursor]:
    """Return a connection that is not connected yet, with TLS as configured.

    Raises:
        ServerError: The file with the certificates cannot be read.
    """
    tls: dict[str, Any] = {}
    if settings.tls == "disabled":
        tls["ssl_disabled"] = True
    elif settings.tls_ca is not None:
        _require_readable(settings.tls_ca)
        tls |= {"ssl_ca": str(settings.tls_ca), "ssl_verify_cert": True}
    elif settings.tls == "required":
        tls["ssl"] = {"check_hostname": False, "verify_mode": False}
    return pymysql.connect(
        host=address.host or "localhost",
        port=address.port,
        user=settings.user,
        # As text it would be sent in latin-1.
        password=settings.password.get_secret_value().encode(),
        charset="utf8mb4",
        autocommit=True,
        cursorclass=DictCursor,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=CONNECT_TIMEOUT_SECONDS,
        write_timeout=CONNECT_TIMEOUT_SECONDS,
        program_name="octeth-backupd",
        defer_connect=True,
        **tls,
    )


def _require_readable(tls_ca: Path) -> None:
    """Pass when the file can be read; otherwise its absence would look like the server's silence."""
    try:
        tls_ca.open("rb").close()
    except OSError as error:
        raise ServerError(
            f"tls_ca {tls_ca} cannot be read: {(error.strerror or str(error)).lower()}",
            hint="Correct tls_ca of the server in the configuration.",
        ) from error
