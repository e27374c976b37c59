"""Making the account that backs up, on a server on which an administrator has logged in."""

from __future__ import annotations

import re
from contextlib import nullcontext
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Vendor
from octeth_backupd.domain.setup.account import native_password_hash
from octeth_backupd.errors import BackupdError, InvalidRequestError, ServerError
from octeth_backupd.servers.sql_errors import PrivilegeMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from octeth_backupd.domain.setup.account import Account
    from octeth_backupd.servers.session import Session

_EXISTS = "SELECT COUNT(*) AS NUMBER FROM mysql.user WHERE User = %s AND Host = %s"
# What SHOW CREATE USER says and ALTER USER does not take; it leaves roles as they are.
_ROLES = re.compile(r" DEFAULT ROLE .*?(?= REQUIRE )")


def account_exists(session: Session, account: Account) -> bool:
    """Return whether the server has this account.

    Raises:
        ServerError: The administrator may not look, or the server cannot be asked.
    """
    try:
        [row] = session.rows(_EXISTS, (account.user, account.host))
    except PrivilegeMissingError as error:
        raise PrivilegeMissingError(
            "the administrator may not look whether the account is there; it lacks: SELECT ON mysql.user",
            hint="Name another administrator with --admin-user; nothing was changed.",
        ) from error
    return int(row["NUMBER"]) > 0


def require_new(session: Session, account: Account, *, force: bool) -> bool:
    """Return whether an account is new; False where it is there and may be given another password.

    Raises:
        InvalidRequestError: It is there already, and others may be using it.
    """
    is_there = account_exists(session, account)
    if is_there and not force:
        raise InvalidRequestError(
            f"the account {account.quoted} exists already",
            hint="Name another with --user, or give --force, which gives this one a new password and keeps its rights.",
        )
    return not is_there


def create_account(
    session: Session,
    account: Account,
    password: str,
    statements: Sequence[str],
    *,
    vendor: Vendor,
    log_in: Callable[[], AbstractContextManager[Session]],
    on_failure: Callable[[Callable[[], None]], None],
    say: Callable[[str], None],
) -> None:
    """Make an account with its rights, or give one that is there a new password and the rights that it lacks.

    MariaDB gets the password's hash: it writes these statements as they come into its binary log, which goes to
    replicas and backups. MySQL writes the hash by itself.

    Args:
        session: Of an administrator.
        account: Which.
        password: Passed as an argument of the statement, which no message of ours repeats.
        statements: That grant what is needed.
        vendor: Of the server.
        log_in: Logs the administrator in anew, to take back what was done: Ctrl-C in a statement ends a session.
        on_failure: Is told how to take a new account away again, or how to give one its old password.
        say: Told what could not be taken back.

    Raises:
        ServerError: The server refused; the message says what.
    """
    by, secret = ("BY PASSWORD", native_password_hash(password)) if vendor is Vendor.MARIADB else ("BY", password)
    # The session that there is may be the only one: of an administrator whose own password is changed.
    logins = (log_in, lambda: nullcontext(session))
    _write_no_general_log(session)
    if account_exists(session, account):
        before = _present_login(session, account)
        left = f"The account {account.quoted} has a new password that nobody knows. Give it its old one, by hand."
        on_failure(lambda: _take_back(logins, before, left, say))
        session.rows(f"ALTER USER %s@%s IDENTIFIED {by} %s", (account.user, account.host, secret))
    else:
        drop = f"DROP USER IF EXISTS {account.quoted}"
        left = f"The account {account.quoted} could not be dropped again. By hand: {drop};"
        on_failure(lambda: _take_back(logins, drop, left, say))
        session.rows(f"CREATE USER %s@%s IDENTIFIED {by} %s", (account.user, account.host, secret))
    for statement in statements:
        session.rows(statement.removesuffix(";"))


def _present_login(session: Session, account: Account) -> str:
    """Return the statement that gives an account back the password, or whatever else it logs in with, that it has now.

    Source:
        MySQL 8.4 manual, print_identified_with_as_hex: a hash of caching_sha2_password is no text.
    """
    _set_as_far_as_allowed(session, "print_identified_with_as_hex")
    [row] = session.rows("SHOW CREATE USER %s@%s", (account.user, account.host))
    statement = str(next(iter(row.values())))
    return _ROLES.sub("", f"ALTER {statement.removeprefix('CREATE ')}", count=1)


def _write_no_general_log(session: Session) -> None:
    """Keep the statement with the password out of the server's general log, as far as the administrator may.

    MySQL masks it there by itself; MariaDB does not.
    """
    _set_as_far_as_allowed(session, "sql_log_off")


def _set_as_far_as_allowed(session: Session, variable: str) -> None:
    try:
        session.rows(f"SET SESSION {variable} = 1")
    except ServerError:
        return


def _take_back(
    logins: Sequence[Callable[[], AbstractContextManager[Session]]],
    statement: str,
    left: str,
    say: Callable[[str], None],
) -> None:
    for log_in in logins:
        try:
            with log_in() as session:
                _write_no_general_log(session)
                session.rows(statement)
        except BackupdError:  # its words may hold the statement, and that the old hash
            continue
        return
    say(left)
