"""Tables with row versions that XtraBackup refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.domain.table_files import decode_name
from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject

FIRST = Version(major=8, minor=0, patch=29)
LAST = Version(major=8, minor=0, patch=31)
STATEMENTS_SHOWN = 20


class RowVersions:
    """Are there tables with instantly added or dropped columns on a server release that cannot copy them?"""

    name = "row_versions"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run.

        Source:
            Percona XtraBackup 8.0, "Found tables with row versions due to INSTANT ADD/DROP columns": MySQL 8.0.29 to
            8.0.31 write redo for such tables that cannot be applied.
        """
        facts = subject.facts
        if facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if facts.vendor is Vendor.MARIADB or not FIRST <= facts.version <= LAST or not facts.row_version_tables:
            return passed(self, subject, "no table has row versions that XtraBackup refuses")
        names = [decode_name(name) for name in facts.row_version_tables]
        return failed(
            self,
            subject,
            f"{len(names)} tables have row versions, which XtraBackup refuses on {facts.version}",
            cause="Columns were added or dropped with ALGORITHM=INSTANT, whose redo is wrong in these releases.",
            fix="Rebuild the tables, or update the server to 8.0.32 or later.",
            command="\n".join(f"OPTIMIZE TABLE `{schema}`.`{table}`;" for schema, table in names[:STATEMENTS_SHOWN]),
        )
