"""Looking at the tables of a server that rehearses: one read from each, or CHECK TABLE while there is time."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError, ServerError, ServerUnreachableError, VerificationError
from octeth_backupd.servers.sql_errors import PrivilegeMissingError, error_number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from octeth_backupd.pipeline.context import RunContext
    from octeth_backupd.servers.session import Session

LARGEST_TABLES = 5
_SYSTEM_SCHEMAS = ("information_schema", "mysql", "performance_schema", "sys")

_SCHEMAS = f"""
    SELECT SCHEMA_NAME AS NAME FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME NOT IN {_SYSTEM_SCHEMAS} AND SCHEMA_NAME NOT LIKE '#mysql50#%' ORDER BY SCHEMA_NAME
"""
_TABLES = """
    SELECT TABLE_NAME AS NAME, ENGINE AS ENGINE, COALESCE(DATA_LENGTH, 0) AS SIZE FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = %s AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY TABLE_NAME
"""
# Their rows are on other servers, which a rehearsal cannot and must not reach.
_REMOTE_ENGINES = frozenset({"federated", "spider", "connect", "s3", "ndbcluster", "sphinx", "oqgraph"})
# Source: MySQL and MariaDB error references: ER_TABLESPACE_DISCARDED, ER_QUERY_INTERRUPTED.
_DISCARDED = 1814
_INTERRUPTED = frozenset({1317, 1969, 3024})
_DOES_NOT_CHECK = "doesn't support check"
_FINE = frozenset({"OK", "TABLE IS ALREADY UP TO DATE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table that is looked at."""

    schema: str
    name: str
    engine: str
    size_bytes: int

    @property
    def quoted(self) -> str:
        """Return its name as SQL needs it."""
        return f"{_quoted(self.schema)}.{_quoted(self.name)}"

    @property
    def label(self) -> str:
        """Return its name for people."""
        return f"{self.schema}.{self.name}"


@dataclass(slots=True, kw_only=True)
class TableReport:
    """What was looked at.

    Attributes:
        checked: How many tables were read or checked.
        skipped: Those that were not.
        notes: Why, in words.
    """

    checked: int = 0
    skipped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class TableProgress:
    """Says how far a rehearsal is, in bytes of the tables that were looked at."""

    def __init__(self, context: RunContext, step: str, tables: Iterable[Table]) -> None:
        self._context = context
        self._step = step
        self._total_bytes = sum(table.size_bytes for table in tables)
        self._done_bytes = 0
        self._began = context.clock.monotonic_seconds()

    def done(self, table: Table) -> None:
        """Count a table that is being looked at."""
        self._done_bytes += table.size_bytes
        elapsed = self._context.clock.monotonic_seconds() - self._began
        self._context.progress(
            self._step,
            done_bytes=self._done_bytes,
            total_bytes=self._total_bytes,
            rate_bytes_per_second=self._done_bytes / elapsed if elapsed > 0 else 0.0,
        )


def user_schemas(session: Session) -> tuple[str, ...]:
    """Return the schemas that are not the server's own."""
    return tuple(str(row["NAME"]) for row in session.rows(_SCHEMAS))


def list_tables(session: Session, schemas: Iterable[str]) -> tuple[Table, ...]:
    """Return the tables of these schemas; views and sequences are none."""
    return tuple(
        Table(schema=schema, name=str(row["NAME"]), engine=str(row["ENGINE"] or ""), size_bytes=int(row["SIZE"]))
        for schema in schemas
        for row in session.rows(_TABLES, (schema,))
    )


def largest(tables: Iterable[Table]) -> tuple[str, ...]:
    """Return the quoted names of the largest tables that can be read here."""
    here = [table for table in tables if table.engine.lower() not in _REMOTE_ENGINES]
    ordered = sorted(here, key=lambda table: (-table.size_bytes, table.label))
    return tuple(table.quoted for table in ordered[:LARGEST_TABLES])


def read_tables(session: Session, tables: Iterable[Table], *, on_table: Callable[[Table], None]) -> TableReport:
    """Read one row of each table.

    Args:
        session: The login that reads.
        tables: Which.
        on_table: Called for each.

    Raises:
        VerificationError: One cannot be read.
        PrivilegeMissingError: The account may not read it.
        ServerUnreachableError: The connection was lost: the server may have ended over it.
    """
    report = TableReport()
    for table in tables:
        on_table(table)
        if _is_elsewhere(table, report):
            continue
        try:
            session.rows(f"SELECT * FROM {table.quoted} LIMIT 1")
        except PrivilegeMissingError:
            raise
        except ServerUnreachableError as exc:
            raise _lost(table, "read", exc) from exc
        except ServerError as exc:
            if error_number(exc.__cause__ or exc) == _DISCARDED:
                report.skipped.append(table.label)
                report.notes.append(f"the tablespace of {table.label} is discarded")
                continue
            raise VerificationError(
                f"table {table.label} cannot be read: {exc.message}",
                hint="This backup does not restore whole; use another one.",
            ) from exc
        report.checked += 1
    return report


def check_tables(
    session: Session,
    tables: Iterable[Table],
    *,
    budget_seconds: float,
    monotonic_seconds: Callable[[], float],
    interrupt: Callable[[], None],
    on_table: Callable[[Table], None],
) -> TableReport:
    """Let the server check each table, the smallest first, until the time is over.

    Args:
        session: The login that asks.
        tables: Which.
        budget_seconds: For all of them together.
        monotonic_seconds: The time.
        interrupt: Ends the statement that the session waits for; called from another thread when the time is over.
        on_table: Called for each.

    Raises:
        VerificationError: A table is damaged.
        PrivilegeMissingError: The account may not check it.
        ServerUnreachableError: The connection was lost: the server may have ended over it.
    """
    report = TableReport()
    limit = monotonic_seconds() + budget_seconds
    unreached = 0
    for table in sorted(tables, key=lambda table: (table.size_bytes, table.label)):
        on_table(table)
        if _is_elsewhere(table, report):
            continue
        left = limit - monotonic_seconds()
        if left > 0:
            outcome = _check(session, table, left, interrupt)
        else:
            outcome = _UNREACHED
        match outcome:
            case "checked":
                report.checked += 1
            case "unreached":
                report.skipped.append(table.label)
                unreached += 1
            case reason:
                report.skipped.append(table.label)
                report.notes.append(f"{table.label} was not checked: {reason}")
    if unreached:
        report.notes.append(f"the time for CHECK TABLE was over before {unreached} tables")
    return report


_CHECKED = "checked"
_UNREACHED = "unreached"


def _check(session: Session, table: Table, seconds: float, interrupt: Callable[[], None]) -> str:
    """Check one table; return ``checked``, ``unreached``, or why it cannot be checked."""
    with _time_limit(seconds, interrupt) as is_over:
        try:
            rows = session.rows(f"CHECK TABLE {table.quoted}")
        except PrivilegeMissingError:
            raise
        except ServerUnreachableError as exc:
            raise _lost(table, "check", exc) from exc
        except ServerError as exc:
            if error_number(exc.__cause__ or exc) in _INTERRUPTED and is_over():
                return _UNREACHED
            raise _damaged(table, exc.message) from exc
    return _judge(table, rows, is_over=is_over())


def _judge(table: Table, rows: list[dict[str, object]], *, is_over: bool) -> str:
    """Return what the answer to CHECK TABLE means.

    Source:
        MySQL 8.4 manual, "CHECK TABLE Statement", output: the last row says ``status`` and ``OK``, unless something is
        wrong or the engine cannot check.
    """
    said = [(str(row["Msg_type"]).lower(), str(row["Msg_text"]).strip().rstrip(".")) for row in rows]
    if said and said[-1][0] == "status" and said[-1][1].upper() in _FINE and all(kind != "error" for kind, _ in said):
        return _CHECKED
    text = "; ".join(text for _, text in said) or "the server said nothing"
    if _DOES_NOT_CHECK in text:
        return "its engine cannot be checked"
    if any(kind == "error" and "discarded" in words.lower() for kind, words in said):
        return "its tablespace is discarded"
    if is_over and "interrupted" in text.lower():
        return _UNREACHED
    raise _damaged(table, text)


@contextmanager
def _time_limit(seconds: float, interrupt: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    over = threading.Event()

    def end() -> None:
        over.set()
        try:
            interrupt()
        except BackupdError:
            return  # what it was to end then ends with the rehearsal's own limit

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set
    finally:
        timer.cancel()


def _is_elsewhere(table: Table, report: TableReport) -> bool:
    if table.engine.lower() not in _REMOTE_ENGINES:
        return False
    report.skipped.append(table.label)
    report.notes.append(f"the rows of {table.label} are not in the backup (engine {table.engine})")
    return True


def _damaged(table: Table, text: str) -> VerificationError:
    return VerificationError(
        f"table {table.label} is damaged: {text}", hint="This backup does not restore whole; use another one."
    )


def _lost(table: Table, action: str, error: ServerUnreachableError) -> ServerUnreachableError:
    return ServerUnreachableError(f"the server was lost when it had to {action} {table.label}: {error.message}")


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
