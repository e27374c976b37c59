"""What the server must tell before it can be backed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class ServerFactsKnown:
    """Did the server answer everything that must be known of it?"""

    name = "server_facts"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        error = subject.survey.error
        if subject.survey.error_stage == "facts" and error is not None:
            return failed(
                self,
                subject,
                error.message,
                cause="Without it nobody could say afterwards whether the backup is this server's, and whole.",
                fix=error.hint or "Grant the login what the server asks for.",
            )
        facts = subject.facts
        if facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if facts.lsn is None:
            return failed(
                self,
                subject,
                "the server does not tell its redo position (LSN)",
                cause="It is what proves afterwards that the backup is of this server and of this time.",
                fix="Grant the login what the check `grants` names; on MySQL SELECT on performance_schema.log_status.",
            )
        return passed(self, subject, f"{facts.vendor} {facts.version_text}, {len(facts.tablespaces)} tablespaces")
