"""Making the account that backs up, on a server on which an administrator has logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, InvalidRequestError, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from octeth_backupd.domain.setup.account import Account
    from octeth_backupd.servers.session import Session

_EXISTS = "SELECT COUNT(*) AS NUMBER FROM mysql.user WHERE User = %s AND Host = %s"


def account_exists(session: Session, account: Account) -> bool:
    """Return whether the server has this account.

    Raises:
        ServerError: The administrator may not look, or the server cannot be asked.
    """
    [row] = session.rows(_EXISTS, (account.user, account.host))
    return int(row["NUMBER"]) > 0


def require_new(session: Session, account: Account, *, force: bool) -> None:
    """Pass when an account may be made, or given another password.

    Raises:
        InvalidRequestError: It is there already, and others may be using it.
    """
    if account_exists(session, account) and not force:
        raise InvalidRequestError(
            f"the account {account.quoted} exists already",
            hint="Name another with --user, or give --force, which gives this one a new password and keeps its rights.",
        )


def create_account(
    session: Session,
    account: Account,
    password: str,
    statements: Sequence[str],
    *,
    on_failure: Callable[[Callable[[], None]], None],
) -> None:
    """Make an account with its rights, or give one that is there a new password and the rights that it lacks.

    Args:
        session: Of an administrator; also used to take the account away again.
        account: Which.
        password: Passed as an argument of the statement, which no message of ours repeats.
        statements: That grant what is needed.
        on_failure: Is told how to take a new account away again.

    Raises:
        ServerError: The server refused; the message says what.
    """
    _write_no_general_log(session)
    if account_exists(session, account):
        session.rows("ALTER USER %s@%s IDENTIFIED BY %s", (account.user, account.host, password))
    else:
        on_failure(lambda: _drop(session, account))
        session.rows("CREATE USER %s@%s IDENTIFIED BY %s", (account.user, account.host, password))
    for statement in statements:
        session.rows(statement.removesuffix(";"))


def _write_no_general_log(session: Session) -> None:
    """Keep the statement with the password out of the server's general log, as far as the administrator may.

    MySQL masks it there by itself; MariaDB does not.
    """
    try:
        session.rows("SET SESSION sql_log_off = 1")
    except ServerError:
        return


def _drop(session: Session, account: Account) -> None:
    try:
        session.rows("DROP USER IF EXISTS %s@%s", (account.user, account.host))
    except BackupdError:
        return
