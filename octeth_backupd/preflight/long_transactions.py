"""Transactions that have been open for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject

LONG_SECONDS = 300


class LongTransactions:
    """Is any transaction open for so long that it may delay the backup or a restore?"""

    name = "long_transactions"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        old = [one for one in subject.facts.long_transactions if one.age_seconds >= LONG_SECONDS]
        if not old:
            return passed(self, subject, f"no transaction is older than {LONG_SECONDS} seconds")
        oldest = max(old, key=lambda one: one.age_seconds)
        return warning(
            self,
            subject,
            f"{len(old)} transactions are open for long, the oldest (connection {oldest.thread_id} of "
            f"{oldest.user}) for {oldest.age_seconds} seconds",
            cause="A long statement can hold up the backup's locks, and prepare will have to roll its changes back.",
            fix="See what it does; end it if nobody needs it.",
            command=f"SHOW PROCESSLIST;\nKILL {oldest.thread_id};",
        )
