"""Making the account that backs up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from octeth_backupd.domain.setup.account import Account
from octeth_backupd.errors import InvalidRequestError, ServerError
from octeth_backupd.setup.account import create_account, require_new

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from octeth_backupd.servers.session import Session

ACCOUNT = Account(user="octeth-backup", host="%")
GRANTS = ("GRANT PROCESS ON *.* TO 'octeth-backup'@'%';",)


class FakeSession:
    """Notes statements; refuses those with a word in them."""

    def __init__(self, *, exists: bool = False, refuses: str = "never") -> None:
        self.statements: list[tuple[str, tuple[object, ...]]] = []
        self._exists = exists
        self._refuses = refuses

    def rows(self, sql: str, args: Sequence[object] = ()) -> list[dict[str, Any]]:
        if self._refuses in sql:
            raise ServerError(f"refused: {sql}")
        if "mysql.user" in sql:
            return [{"NUMBER": int(self._exists)}]
        self.statements.append((sql, tuple(args)))
        return []


def _create(session: FakeSession) -> list[Callable[[], None]]:
    undo: list[Callable[[], None]] = []
    create_account(cast("Session", session), ACCOUNT, "pass'word", GRANTS, on_failure=undo.append)
    return undo


def test_account_is_made_with_its_rights_and_can_be_taken_away() -> None:
    session = FakeSession()

    undo = _create(session)
    made = list(session.statements)
    for step in undo:
        step()

    assert made == [
        ("SET SESSION sql_log_off = 1", ()),
        ("CREATE USER %s@%s IDENTIFIED BY %s", ("octeth-backup", "%", "pass'word")),
        ("GRANT PROCESS ON *.* TO 'octeth-backup'@'%'", ()),
    ]
    assert session.statements[len(made) :] == [("DROP USER IF EXISTS %s@%s", ("octeth-backup", "%"))]


def test_account_that_was_there_gets_a_new_password_and_is_never_dropped() -> None:
    session = FakeSession(exists=True)

    undo = _create(session)

    assert undo == []
    assert ("ALTER USER %s@%s IDENTIFIED BY %s", ("octeth-backup", "%", "pass'word")) in session.statements


def test_administrator_may_lack_the_right_to_stop_the_general_log() -> None:
    session = FakeSession(refuses="sql_log_off")

    _create(session)

    assert session.statements[0][0].startswith("CREATE USER")


def test_refused_grant_comes_through_after_the_way_back_is_known() -> None:
    session = FakeSession(refuses="GRANT")
    undo: list[Callable[[], None]] = []

    with pytest.raises(ServerError):
        create_account(cast("Session", session), ACCOUNT, "x", GRANTS, on_failure=undo.append)

    assert len(undo) == 1


def test_account_of_others_is_taken_over_only_by_force() -> None:
    there, absent = (cast("Session", FakeSession(exists=exists)) for exists in (True, False))
    require_new(there, ACCOUNT, force=True)
    require_new(absent, ACCOUNT, force=False)

    with pytest.raises(InvalidRequestError, match="exists already"):
        require_new(there, ACCOUNT, force=False)
