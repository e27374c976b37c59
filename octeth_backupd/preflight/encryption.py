"""Encrypted tablespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class Encryption:
    """Are keys needed to read the files, which no backup holds?"""

    name = "encryption"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if subject.facts.encryption:
            return warning(
                self,
                subject,
                f"the server encrypts data at rest: {', '.join(subject.facts.encryption)}",
                cause="The keys are not in the backup, and without them it cannot be restored.",
                fix="Keep a copy of the keyring or key file in a safe place apart from the backups.",
            )
        return passed(self, subject, "no encryption at rest is in use")
