"""Whether the server writes a redo log at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class RedoLogging:
    """Is redo logging switched on?"""

    name = "redo_logging"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run.

        Source:
            MySQL 8.4 manual, 17.6.5 "Redo Log", "Disabling Redo Logging"; XtraBackup: "Redo logging is disabled,
            cannot take consistent backup".
        """
        if subject.facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if not subject.facts.redo_logging:
            return failed(
                self,
                subject,
                "redo logging is switched off in the server",
                cause="Without redo no consistent copy can be made, and a crash loses the whole server.",
                fix="Switch it on again, unless a bulk load is under way that needs it off.",
                command="ALTER INSTANCE ENABLE INNODB REDO_LOG;",
            )
        return passed(self, subject, "redo logging is on")
