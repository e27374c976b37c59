"""The server's redo log: where it stands, how large it is, how fast it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from octeth_backupd.domain.server import LsnPosition
from octeth_backupd.errors import ServerError
from octeth_backupd.servers.sql_errors import PrivilegeMissingError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from octeth_backupd.domain.clock import Clock
    from octeth_backupd.servers.session import Session

_STATUS = "SHOW GLOBAL STATUS LIKE 'Innodb%'"
_LOG_STATUS = "SELECT STORAGE_ENGINES FROM performance_schema.log_status"
_NAMES = (
    ("innodb_lsn_current", "innodb_lsn_last_checkpoint"),
    ("innodb_redo_log_current_lsn", "innodb_redo_log_checkpoint_lsn"),
)


def read_lsn(session: Session, clock: Clock) -> LsnPosition | None:
    """Return the redo position now, None when neither status nor performance_schema tells it.

    Raises:
        ServerUnreachableError: The connection was lost.

    Source:
        MariaDB: "InnoDB Status Variables". MySQL 8.4 manual: "Server Status Variables" (8.0.30 and later); before that
        29.12.21.1 "The log_status Table", which needs BACKUP_ADMIN.
    """
    status = _innodb_status(session)
    taken_at = clock.now()
    for current, checkpoint in _NAMES:
        if current in status and checkpoint in status:
            return LsnPosition(
                current_lsn=int(status[current]), checkpoint_lsn=int(status[checkpoint]), taken_at=taken_at
            )
    try:
        text = session.value(_LOG_STATUS)
    except PrivilegeMissingError:
        return None
    except ServerError as error:
        if error.retryable:
            raise
        return None
    innodb = json.loads(text).get("InnoDB", {}) if text else {}
    if "LSN" not in innodb or "LSN_checkpoint" not in innodb:
        return None
    return LsnPosition(
        current_lsn=int(innodb["LSN"]), checkpoint_lsn=int(innodb["LSN_checkpoint"]), taken_at=clock.now()
    )


def redo_bytes_per_second(earlier: LsnPosition, later: LsnPosition) -> int:
    """Return how fast redo was written between two readings; 0 when they are not apart."""
    seconds = (later.taken_at - earlier.taken_at).total_seconds()
    if seconds <= 0:
        return 0
    return int(max(0, later.current_lsn - earlier.current_lsn) / seconds)


def redo_capacity_bytes(session: Session, variables: Mapping[str, str]) -> int:
    """Return how much redo the server keeps before it overwrites the oldest; 0 when unknown.

    Source:
        MySQL 8.4 manual, innodb_redo_log_capacity (the status says what is in force, also when the older variables set
        it); MariaDB: one log file since 10.5, ``innodb_log_files_in_group`` of them before.
    """
    resized = _innodb_status(session).get("innodb_redo_log_capacity_resized", "0")
    if int(resized or 0) > 0:
        return int(resized)
    if int(variables.get("innodb_redo_log_capacity") or 0) > 0:
        return int(variables["innodb_redo_log_capacity"])
    files = int(variables.get("innodb_log_files_in_group") or 1)
    return int(variables.get("innodb_log_file_size") or 0) * files


def _innodb_status(session: Session) -> dict[str, str]:
    return {str(row["Variable_name"]).lower(): str(row["Value"]) for row in session.rows(_STATUS)}
