"""The gate: what a server on restored data must show before the restore counts as done."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.domain.grants import shows_all_tables
from octeth_backupd.domain.masking import mask_text
from octeth_backupd.domain.restore.gate import corruption_lines, judge_tables
from octeth_backupd.domain.restore.old_login import NO_LOGIN, OLD_LOGIN
from octeth_backupd.errors import DockerError, RestoreError, ServerError
from octeth_backupd.pipeline.restore.readiness import enter
from octeth_backupd.servers.sql_errors import PrivilegeMissingError, error_number
from octeth_backupd.servers.tables import count_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from octeth_backupd.domain.restore.journal import Expected
    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.pipeline.restore.login import Login
    from octeth_backupd.servers.power.base import Power
    from octeth_backupd.servers.server import Server
    from octeth_backupd.servers.session import Session

_CONTAINED = "SELECT GTID_SUBSET(%s, @@GLOBAL.gtid_executed) AS contained, @@GLOBAL.gtid_executed AS executed"
_SHOWN_CHARACTERS = 300
PATIENCE_SECONDS = 60
_TRY_AGAIN_SECONDS = 0.5
_DISCARDED = 1814
"""ER_TABLESPACE_DISCARDED, of both vendors."""
_GONE = frozenset({1049, 1146})
"""ER_BAD_DB_ERROR and ER_NO_SUCH_TABLE, of both vendors."""


def pass_gate(
    context: RunContext,
    server: Server,
    power: Power,
    expected: Expected,
    logins: Sequence[Login],
    *,
    since: datetime,
    has_served: bool = False,
    wait: Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Return what is worth knowing about a server on restored data that is in order.

    A refused login alone never fails it: the accounts came back with the data, and the rehearsal has looked inside.

    Args:
        context: The run.
        server: Started, and ready.
        power: Its switch.
        expected: What the rehearsal found; empty when there was none.
        logins: To try; the one that worked in the rehearsal goes first.
        since: When the server was started; its log is judged from there on.
        has_served: It has been up on this data before, unwatched: what its clients may have removed since is worth
            telling, and no reason to take what they wrote away from them.
        wait: Sleeps between two tries to look inside.

    Raises:
        RestoreError: It is not in order; the message names each failure.
        DockerError: The Docker engine cannot be asked any more (``retryable``).
    """
    ordered = sorted(logins, key=lambda login: login.source != expected.login)
    found = _look_with_patience(context, server, power, expected, ordered, wait)
    problems, notes = found.problems, found.notes
    if has_served:
        notes += [f"{gone}, which clients may have removed since the restore" for gone in found.gone]
    else:
        problems += found.gone
    problems += [f"its log says: {mask_text(line)}" for line in corruption_lines(_log(power, since, notes))]
    state = power.state()
    if not state.is_running:
        ended = "" if state.exit_code is None else f" with exit code {state.exit_code}"
        problems.insert(0, f"it has ended{ended}")
    for note in notes:
        context.warn(f"gate: {note}")
    if problems:
        raise RestoreError(
            f"server {server.name} is not in order on the restored data: {'; '.join(problems)}",
            hint="Try another backup, or look into this one with octeth-backupctl restore --to DIRECTORY.",
        )
    return tuple(notes)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look inside found: what is wrong, what is not there any more, what is worth knowing."""

    problems: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _look_with_patience(
    context: RunContext,
    server: Server,
    power: Power,
    expected: Expected,
    logins: Sequence[Login],
    wait: Callable[[float], None],
) -> _Found:
    """Return what a look inside finds, repeated while the server runs and only takes no connection.

    Applications that come back all at once may take every connection there is: no reason to take the data away.
    """
    deadline = context.clock.monotonic_seconds() + PATIENCE_SECONDS
    while True:
        found = _Found()
        try:
            with enter(server, logins) as entrance:
                if entrance.session is None:
                    return _Found(notes=[NO_LOGIN, f"not looked into: {entrance.refusal}"])
                if entrance.login == "old" != expected.login:  # not rehearsed, where it would have been told
                    found.notes.append(OLD_LOGIN)
                _look_inside(entrance.session, expected, found)
                return found
        except ServerError as exc:
            in_time = context.clock.monotonic_seconds() < deadline
            if not (exc.retryable and in_time and power.state().is_running):
                found.problems[:] = [exc.message]
                found.gone.clear()
                return found
        wait(_TRY_AGAIN_SECONDS)


def _look_inside(session: Session, expected: Expected, found: _Found) -> None:
    """Find what is not as in the rehearsal; what the account may not see becomes a note."""
    for look in (_tables, _reads, _gtids):
        try:
            look(session, expected, found)
        except PrivilegeMissingError as exc:
            found.notes.append(exc.message)


def _tables(session: Session, expected: Expected, found: _Found) -> None:
    verdict = judge_tables(expected.tables, count_tables(session))
    found.notes.extend(verdict.notes)
    if not verdict.problems:
        return
    grants = tuple(str(next(iter(row.values()))) for row in session.rows("SHOW GRANTS"))
    if shows_all_tables(grants):
        found.gone.extend(verdict.problems)
    else:  # the rehearsal has counted without accounts
        found.notes.extend(f"{problem}, as far as {session.user} may see" for problem in verdict.problems)


def _reads(session: Session, expected: Expected, found: _Found) -> None:
    for table in expected.largest:
        try:
            session.rows(f"SELECT * FROM {table} LIMIT 1")
        except PrivilegeMissingError:
            raise
        except ServerError as exc:
            if exc.retryable:
                raise
            number = error_number(exc.__cause__) if exc.__cause__ is not None else None
            if number == _DISCARDED:
                found.notes.append(f"table {table} has had no file since before the backup: {exc.message}")
            elif number in _GONE:
                found.gone.append(f"table {table} is not there: {exc.message}")
            else:
                found.problems.append(f"table {table} cannot be read: {exc.message}")


def _gtids(session: Session, expected: Expected, found: _Found) -> None:
    """Compare GTIDs where the server has them; MariaDB's position is of its binlog, which a backup does not hold."""
    if not expected.gtid or "mariadb" in str(session.value("SELECT VERSION()")).lower():
        return
    row = session.rows(_CONTAINED, (expected.gtid,))[0]
    if int(row["contained"]) != 1:
        executed = "".join(str(row["executed"]).split())
        found.problems.append(f"gtid_executed is {_cut(executed) or 'empty'} and does not hold {_cut(expected.gtid)}")


def _log(power: Power, since: datetime, notes: list[str]) -> tuple[str, ...]:
    try:
        return power.log_since(since)
    except DockerError as exc:
        if exc.retryable:
            raise
        notes.append(f"the log was not judged: {exc.message}")
        return ()


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
