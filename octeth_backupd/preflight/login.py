"""Logging in to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class Login:
    """Does the server let the configured account in and answer SQL?"""

    name = "login"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        error = subject.survey.error
        if subject.survey.error_stage == "login" and error is not None:
            return failed(
                self,
                subject,
                error.message,
                fix=error.hint
                or f"Check user, password_file and address of [servers.{subject.server}], and that the server runs.",
            )
        if subject.facts is None:
            if subject.survey.error_stage == "facts":
                return passed(self, subject, f"logged in as {subject.settings.user}")
            return unknown(self, subject, "the server was not found")
        return passed(self, subject, f"logged in as {subject.facts.user} at {subject.facts.address}")
