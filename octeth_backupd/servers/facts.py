"""Everything asked of a server in SQL, in one sitting."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from octeth_backupd.domain.grants import grant_statement, shows_all_tables
from octeth_backupd.domain.masking import mask_variables
from octeth_backupd.domain.server import (
    LongTransaction,
    ServerFacts,
    ServerIdentity,
    Vendor,
    Version,
    parse_version,
    vendor_of,
)
from octeth_backupd.errors import ServerError
from octeth_backupd.process.redaction import Redactor
from octeth_backupd.servers.encryption import active_keyring, encrypted_tablespaces, encryption_by_variables
from octeth_backupd.servers.lsn import read_lsn, redo_capacity_bytes
from octeth_backupd.servers.sql_errors import PrivilegeMissingError
from octeth_backupd.servers.tables import read_engine_counts, read_other_tables
from octeth_backupd.servers.tablespaces import read_tablespaces

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.servers.session import Session

_Answer = TypeVar("_Answer")

LONG_TRANSACTION_SECONDS = 60
_OLDEST_MYSQL = Version(major=8, minor=0, patch=0)
_OLDEST_MARIADB = Version(major=10, minor=5, patch=0)
_ROW_VERSIONS = (Version(major=8, minor=0, patch=29), Version(major=8, minor=0, patch=31))

_PERSISTED = "SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.persisted_variables"
_TRANSACTIONS = """
    SELECT trx_mysql_thread_id AS THREAD_ID, TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS AGE
    FROM information_schema.INNODB_TRX HAVING AGE >= %s ORDER BY AGE DESC
"""
_ROW_VERSION_TABLES = "SELECT NAME FROM information_schema.INNODB_TABLES WHERE TOTAL_ROW_VERSIONS > 0 ORDER BY NAME"
_SCHEMAS = """
    SELECT SCHEMA_NAME FROM information_schema.SCHEMATA
    WHERE SCHEMA_NAME NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY SCHEMA_NAME
"""


def gather_facts(session: Session, clock: Clock) -> ServerFacts:
    """Ask a server everything that a backup needs to know.

    Raises:
        PrivilegeMissingError: Something needed may not be asked; the hint is the statement that grants it.
        ServerUnreachableError: The connection was lost.
        ServerError: The server is too old, or refused something that it should answer.
    """
    facts, error = gather_what_is_allowed(session, clock)
    if error is not None:
        raise error
    return facts


def gather_what_is_allowed(session: Session, clock: Clock) -> tuple[ServerFacts, ServerError | None]:
    """Ask everything; where a privilege is missing for something needed, return the facts without it and the error.

    Raises:
        ServerUnreachableError: The connection was lost.
        ServerError: The server is too old, or refused something that it should answer.
    """
    variables = {str(row["Variable_name"]).lower(): str(row["Value"]) for row in session.rows("SHOW GLOBAL VARIABLES")}
    version_text, comment = variables["version"], variables.get("version_comment", "")
    vendor, version = vendor_of(version_text, comment), parse_version(version_text)
    _refuse_what_is_too_old(vendor, version)
    questions = _Questions(session)
    grants = _read_grants(session)
    facts = ServerFacts(
        address=session.address,
        user=session.user,
        vendor=vendor,
        version=version,
        version_text=version_text,
        version_comment=comment,
        identity=ServerIdentity(
            vendor=vendor,
            server_uuid=variables.get("server_uuid", "") if vendor is not Vendor.MARIADB else "",
            server_id=int(variables.get("server_id") or 0),
            hostname=variables.get("hostname", ""),
        ),
        variables=mask_variables(variables),
        persisted_variables=mask_variables(
            questions.optional("persisted variables", lambda: _persisted(session, vendor), {})
        ),
        grants=grants,
        tablespaces=questions.needed("PROCESS", lambda: read_tablespaces(session, vendor), ()),
        other_tables=read_other_tables(session),
        engine_counts=read_engine_counts(session),
        long_transactions=questions.optional("long transactions", lambda: _long_transactions(session), ()),
        lsn=read_lsn(session, clock),
        redo_capacity_bytes=redo_capacity_bytes(session, variables),
        redo_logging=_redo_logging(session, vendor),
        gtid=_gtid(session, vendor),
        encryption=_encryption(questions, session, variables, vendor),
        row_version_tables=questions.optional(
            "tables with row versions", lambda: _row_version_tables(session, vendor, version), ()
        ),
        schemas=tuple(str(row["SCHEMA_NAME"]) for row in session.rows(_SCHEMAS)),
        notes=(*_visibility(grants), *questions.notes),
    )
    return facts, questions.error


class _Questions:
    """Questions that the account may not be allowed to ask: what is missing is remembered, not fatal at once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.notes: list[str] = []
        self.error: ServerError | None = None

    def optional(self, what: str, ask: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        """Ask for something that a backup can do without."""
        try:
            return ask()
        except ServerError as error:
            if error.retryable:
                raise
            self.notes.append(f"{what}: not known, {error.message}")
            return otherwise

    def needed(self, privilege: str, ask: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        """Ask for something that no backup can do without."""
        try:
            return ask()
        except PrivilegeMissingError as error:
            account = str(self._session.value("SELECT CURRENT_USER()"))
            statement = grant_statement((privilege,), account)
            self.error = PrivilegeMissingError(
                f"the account {account} may not list the tablespaces: {error.message}",
                hint=f"Run on the server: {statement}",
            )
            return otherwise


def _refuse_what_is_too_old(vendor: Vendor, version: Version) -> None:
    if version < (_OLDEST_MARIADB if vendor is Vendor.MARIADB else _OLDEST_MYSQL):
        raise ServerError(
            f"{vendor} {version} is too old",
            hint="Servers from MySQL 8.0, Percona Server 8.0 and MariaDB 10.5 on are supported: upgrade the server.",
        )


def _read_grants(session: Session) -> tuple[str, ...]:
    redact = Redactor().redact
    return tuple(redact(str(next(iter(row.values())))) for row in session.rows("SHOW GRANTS"))


def _visibility(grants: tuple[str, ...]) -> tuple[str, ...]:
    if shows_all_tables(grants):
        return ()
    return (
        "tables of other engines and databases: only those that the account has a privilege on, because it has no "
        "SHOW VIEW on all",
    )


def _encryption(
    questions: _Questions, session: Session, variables: Mapping[str, str], vendor: Vendor
) -> tuple[str, ...]:
    nothing: tuple[str, ...] = ()
    return (
        *encryption_by_variables(variables, vendor),
        *questions.optional("encrypted tablespaces", lambda: encrypted_tablespaces(session, vendor), nothing),
        *questions.optional("keyring", lambda: active_keyring(session, vendor), nothing),
    )


def _persisted(session: Session, vendor: Vendor) -> dict[str, str]:
    if vendor is Vendor.MARIADB:
        return {}
    return {str(row["VARIABLE_NAME"]).lower(): str(row["VARIABLE_VALUE"]) for row in session.rows(_PERSISTED)}


def _long_transactions(session: Session) -> tuple[LongTransaction, ...]:
    rows = session.rows(_TRANSACTIONS, (LONG_TRANSACTION_SECONDS,))
    if not rows:
        return ()
    users = {int(row["Id"]): str(row["User"]) for row in session.rows("SHOW PROCESSLIST")}
    return tuple(
        LongTransaction(
            thread_id=int(row["THREAD_ID"]),
            user=users.get(int(row["THREAD_ID"]), ""),
            age_seconds=int(row["AGE"]),
        )
        for row in rows
    )


def _gtid(session: Session, vendor: Vendor) -> str:
    # SHOW VARIABLES cuts long sets.
    name = "gtid_binlog_pos" if vendor is Vendor.MARIADB else "gtid_executed"
    return "".join(str(session.value(f"SELECT @@GLOBAL.{name}") or "").split())


def _redo_logging(session: Session, vendor: Vendor) -> bool:
    """Return whether redo is written.

    Source:
        MySQL 8.4 manual, 17.6.5 "Redo Log", "Disabling Redo Logging": since 8.0.21, told by this status variable.
    """
    if vendor is Vendor.MARIADB:
        return True
    rows = session.rows("SHOW GLOBAL STATUS LIKE 'Innodb_redo_log_enabled'")
    return all(str(row["Value"]).upper() == "ON" for row in rows)


def _row_version_tables(session: Session, vendor: Vendor, version: Version) -> tuple[str, ...]:
    first, last = _ROW_VERSIONS
    if vendor is Vendor.MARIADB or not first <= version <= last:
        return ()
    return tuple(str(row["NAME"]) for row in session.rows(_ROW_VERSION_TABLES))
