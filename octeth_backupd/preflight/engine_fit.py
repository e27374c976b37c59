"""The engine and the server's version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class EngineFit:
    """Is the engine installed, and can its version back up this server?"""

    name = "engine_fit"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        for error in (subject.engine_error, subject.engine_version_error):
            if error is not None:
                return failed(
                    self, subject, error.message, fix=error.hint or "Install the engine that fits the server."
                )
        facts = subject.facts
        if facts is None or subject.engine is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if subject.engine_version is None:
            return unknown(self, subject, "there is no place to run the engine in")
        answer = subject.engine.check_fit(subject.engine_version, facts)
        return replace(answer, name=self.name, server=subject.server)
