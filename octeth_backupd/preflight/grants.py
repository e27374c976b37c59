"""The privileges of the login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.grants import account_of, grant_statement, missing_grants, parse_grants
from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class Grants:
    """Does the login have every privilege that the engine needs?"""

    name = "grants"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        facts = subject.facts
        if facts is None or subject.engine is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if not facts.grants:
            return unknown(self, subject, "the server did not show the login's grants")
        required = subject.engine.required_grants(facts)
        missing = missing_grants(required, facts.grants)
        account = account_of(facts.grants) or facts.user
        if not missing:
            return passed(self, subject, f"{account} has the {len(required)} privileges that are needed")
        roles = parse_grants(facts.grants).roles
        cause = "The engine would fail, some of it only at the very end of the backup."
        if roles:
            cause += f" Roles ({', '.join(roles)}) count only while they are active when the login begins."
        return failed(
            self,
            subject,
            f"{account} lacks {', '.join(missing)}",
            cause=cause,
            fix="Let an administrator of the server grant them.",
            command=grant_statement(missing, account),
        )
