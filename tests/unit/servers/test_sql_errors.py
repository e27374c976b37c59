import ssl

import pymysql
import pytest

from octeth_backupd.domain.server import Address
from octeth_backupd.errors import LoginRefusedError, ServerError, ServerUnreachableError
from octeth_backupd.servers.sql_errors import (
    HostRefusedError,
    PrivilegeMissingError,
    client_command,
    connection_error,
    query_error,
)

ADDRESS = Address(host="127.0.0.1", port=3307)


def test_wrong_password_is_refused_for_good_with_a_command_to_try() -> None:
    error = connection_error(pymysql.OperationalError(1045, "Access denied for user"), address=ADDRESS, user="root")

    assert type(error) is LoginRefusedError
    assert not error.retryable
    assert "mysql --host=127.0.0.1 --port=3307 --user=root --password" in error.hint


@pytest.mark.parametrize("number", [1129, 1130])
def test_host_that_may_not_connect_is_another_matter(number: int) -> None:
    error = connection_error(pymysql.OperationalError(number, "Host is not allowed"), address=ADDRESS, user="root")

    assert isinstance(error, HostRefusedError)


def test_too_many_connections_may_pass() -> None:
    error = connection_error(pymysql.OperationalError(1040, "Too many connections"), address=ADDRESS, user="root")

    assert not isinstance(error, ServerUnreachableError)
    assert error.retryable


@pytest.mark.parametrize(
    "failure",
    [
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError("timed out"),
        pymysql.OperationalError(2013, "Lost connection to MySQL server during query"),
    ],
)
def test_silence_is_unreachable(failure: Exception) -> None:
    error = connection_error(failure, address=ADDRESS, user="root")

    assert isinstance(error, ServerUnreachableError)
    assert "127.0.0.1:3307" in error.message


def test_failed_encryption_points_at_its_settings() -> None:
    failure = pymysql.OperationalError(2003, "Can't connect")
    failure.__cause__ = ssl.SSLCertVerificationError("certificate verify failed")

    error = connection_error(failure, address=ADDRESS, user="root")

    assert "tls_ca" in error.hint
    assert not isinstance(error, ServerUnreachableError)


def test_lost_connection_of_a_query_may_be_tried_again() -> None:
    error = query_error(pymysql.OperationalError(2006, "gone away"), sql="SELECT 1", address=ADDRESS)

    assert isinstance(error, ServerUnreachableError)
    assert error.retryable


def test_missing_privilege_is_named() -> None:
    refusal = pymysql.OperationalError(1227, "Access denied; you need (at least one of) the PROCESS privilege(s)")

    error = query_error(refusal, sql="SELECT  a\n FROM b", address=ADDRESS)

    assert isinstance(error, PrivilegeMissingError)
    assert "lacks the privilege PROCESS for: SELECT a FROM b" in error.message


def test_other_refusals_are_plain_server_errors() -> None:
    error = query_error(pymysql.ProgrammingError(1064, "syntax"), sql="SELEKT", address=ADDRESS)

    assert type(error) is ServerError


def test_command_for_a_socket_names_the_socket() -> None:
    assert client_command(Address(unix_socket="/s"), "u") == "mysql --socket=/s --user=u --password"
