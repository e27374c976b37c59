"""Whether the files at hand are the server's that answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.errors import BackupdError
from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class Identity:
    """Are the files that the engine will copy those of the server that answers?"""

    name = "identity"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.facts is None or subject.identity is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        try:
            found = subject.identity()
        except BackupdError as exc:
            return failed(
                self,
                subject,
                exc.message,
                cause="An engine that is given another directory copies it and reports success.",
                fix=exc.hint
                or f"Correct container, address or data_directory of [servers.{subject.server}]: they must all be of "
                "one server.",
            )
        return passed(self, subject, found)
