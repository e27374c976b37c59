"""Making the account that backs up."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.domain.server import Vendor
from octeth_backupd.domain.setup.account import Account, native_password_hash
from octeth_backupd.errors import InvalidRequestError, ServerError
from octeth_backupd.servers.sql_errors import PrivilegeMissingError
from octeth_backupd.setup.account import create_account, require_new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from octeth_backupd.servers.session import Session

ACCOUNT = Account(user="octeth-backup", host="%")
GRANTS = ("GRANT PROCESS ON *.* TO 'octeth-backup'@'%';",)


OLD = (
    "CREATE USER `octeth-backup`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 DEFAULT ROLE `r`@`%` REQUIRE NONE"
)


class FakeSession:
    """Notes statements; refuses those with a word in them, and all of them once it is closed."""

    def __init__(self, *, exists: bool = False, refuses: str = "never") -> None:
        self.statements: list[tuple[str, tuple[object, ...]]] = []
        self._exists = exists
        self._refuses = refuses
        self.is_closed = False

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        if self._refuses in sql or self.is_closed:
            raise ServerError(f"refused: {sql}")
        if "mysql.user" in sql:
            return [{"NUMBER": int(self._exists)}]
        if sql.startswith("SHOW CREATE USER"):
            return [{"CREATE USER for octeth-backup@%": OLD}]
        self.statements.append((sql, tuple(args)))
        return []


class Making:
    """Makes the account; then ``undo`` takes it back by another login, which is refused where there is none."""

    def __init__(self, session: FakeSession, *, anew: FakeSession | None = None, vendor: Vendor = Vendor.MYSQL) -> None:
        self.session = session
        self.said: list[str] = []
        self.steps: list[Callable[[], None]] = []
        self._anew = anew
        self._vendor = vendor

    def create(self) -> None:
        create_account(
            cast("Session", self.session),
            ACCOUNT,
            "pass'word",
            GRANTS,
            vendor=self._vendor,
            log_in=self._log_in,
            on_failure=self.steps.append,
            say=self.said.append,
        )

    def undo(self) -> None:
        for step in self.steps:
            step()

    @contextmanager
    def _log_in(self) -> Iterator[Session]:
        if self._anew is None:
            raise ServerError("refused")
        yield cast("Session", self._anew)


def _statements(session: FakeSession) -> list[str]:
    return [sql for sql, _ in session.statements if not sql.startswith("SET SESSION")]


def test_account_is_made_with_its_rights_and_can_be_taken_away_although_the_session_is_closed() -> None:
    session, anew = FakeSession(), FakeSession()
    making = Making(session, anew=anew)

    making.create()
    session.is_closed = True
    making.undo()

    assert session.statements == [
        ("SET SESSION sql_log_off = 1", ()),
        ("CREATE USER %s@%s IDENTIFIED BY %s", ("octeth-backup", "%", "pass'word")),
        ("GRANT PROCESS ON *.* TO 'octeth-backup'@'%'", ()),
    ]
    assert _statements(anew) == ["DROP USER IF EXISTS 'octeth-backup'@'%'"]
    assert making.said == []


def test_account_that_cannot_be_taken_away_is_named_with_the_statement_that_does() -> None:
    session = FakeSession(refuses="DROP")
    making = Making(session)

    making.create()
    making.undo()

    assert "DROP USER IF EXISTS 'octeth-backup'@'%';" in making.said[0]


def test_mariadb_whose_binary_log_keeps_statements_as_they_come_is_told_the_hash_alone() -> None:
    for exists in (False, True):
        session = FakeSession(exists=exists)

        Making(session, vendor=Vendor.MARIADB).create()

        [(_, values)] = [(sql, values) for sql, values in session.statements if "IDENTIFIED BY PASSWORD %s" in sql]
        assert values == ("octeth-backup", "%", native_password_hash("pass'word"))
        assert "pass'word" not in str(session.statements)


def test_account_that_was_there_gets_a_new_password_and_its_old_one_back_on_a_failure() -> None:
    session, anew = FakeSession(exists=True), FakeSession(exists=True)
    making = Making(session, anew=anew)

    making.create()
    making.undo()

    assert ("ALTER USER %s@%s IDENTIFIED BY %s", ("octeth-backup", "%", "pass'word")) in session.statements
    assert _statements(anew) == [
        "ALTER USER `octeth-backup`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 REQUIRE NONE"
    ]


def test_administrator_whose_own_password_is_changed_gets_it_back_by_the_session_that_there_is() -> None:
    session = FakeSession(exists=True)
    making = Making(session)

    making.create()
    making.undo()

    assert _statements(session)[-1].startswith("ALTER USER `octeth-backup`@`%` IDENTIFIED WITH")
    assert making.said == []


def test_old_password_that_cannot_be_given_back_is_said_without_its_hash() -> None:
    session = FakeSession(exists=True)
    making = Making(session)

    making.create()
    session.is_closed = True
    making.undo()

    assert making.said == [
        "The account 'octeth-backup'@'%' has a new password that nobody knows. Give it its old one, by hand."
    ]


def test_administrator_may_lack_the_right_to_stop_the_general_log() -> None:
    session = FakeSession(refuses="sql_log_off")

    Making(session).create()

    assert session.statements[0][0].startswith("CREATE USER")


def test_refused_grant_comes_through_after_the_way_back_is_known() -> None:
    making = Making(FakeSession(refuses="GRANT"))

    with pytest.raises(ServerError):
        making.create()

    assert len(making.steps) == 1


def test_account_of_others_is_taken_over_only_by_force() -> None:
    there, absent = (cast("Session", FakeSession(exists=exists)) for exists in (True, False))
    assert not require_new(there, ACCOUNT, force=True)
    assert require_new(absent, ACCOUNT, force=False)

    with pytest.raises(InvalidRequestError, match="exists already"):
        require_new(there, ACCOUNT, force=False)


def test_administrator_who_may_not_look_for_accounts_is_told_the_right_and_no_sql() -> None:
    class Blind:
        def rows(self, sql: str, _args: Sequence[object] = ()) -> list[dict[str, Any]]:
            raise PrivilegeMissingError(f"the account lacks the privilege for: {sql}")

    with pytest.raises(PrivilegeMissingError, match=r"it lacks: SELECT ON mysql\.user$"):
        require_new(cast("Session", Blind()), ACCOUNT, force=False)
