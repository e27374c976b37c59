"""Asking a server that rehearses whether it really does nothing but that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.grants import Privilege, parse_grants
from octeth_backupd.domain.restore.overrides import violations
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.errors import RestoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.domain.restore.overrides import Override
    from octeth_backupd.servers.session import Session

_REPLICA_STATUS_SINCE = Version(major=8, minor=0, patch=22)
_RUNNING_COLUMNS = ("io_running", "sql_running")
_XPLUGIN = "SELECT PLUGIN_STATUS FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'mysqlx'"
_NEEDED = (Privilege(name="SELECT"), Privilege(name="SHUTDOWN"))


def may_look_at_everything(session: Session) -> bool:
    """Return whether an account sees every table and may stop the server; a backup's own account usually may not."""
    grants = parse_grants([str(next(iter(row.values()))) for row in session.rows("SHOW GRANTS")])
    return all(grants.allows(privilege) for privilege in _NEEDED)


def require_overrides(session: Session, chosen: Iterable[Override], vendor: Vendor, version: Version) -> None:
    """Pass when every override holds.

    Raises:
        RestoreError: One does not; the message names each.
        PrivilegeMissingError: The account may not ask about replication.
    """
    variables = {str(row["Variable_name"]).lower(): str(row["Value"]) for row in session.rows("SHOW GLOBAL VARIABLES")}
    wrong = list(violations(chosen, variables))
    if _replicates(session, vendor, version):
        wrong.append("replication runs")
    if vendor is not Vendor.MARIADB and str(session.value(_XPLUGIN) or "").upper() == "ACTIVE":
        wrong.append("the X plugin is active")
    if wrong:
        raise RestoreError(
            f"the rehearsal is not isolated as it must be: {'; '.join(wrong)}",
            hint="Something in the server's configuration overrides what a rehearsal needs; restore with "
            "--no-rehearsal, or correct that.",
        )


def _replicates(session: Session, vendor: Vendor, version: Version) -> bool:
    """Return whether a thread of any replication channel runs."""
    if vendor is Vendor.MARIADB:
        statement = "SHOW ALL SLAVES STATUS"
    elif version >= _REPLICA_STATUS_SINCE:
        statement = "SHOW REPLICA STATUS"
    else:
        statement = "SHOW SLAVE STATUS"
    return any(
        str(name).lower().endswith(_RUNNING_COLUMNS) and str(value).lower() != "no"
        for row in session.rows(statement)
        for name, value in row.items()
    )
