"""The engine and the server's version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.errors import EngineError, ProgramError
from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.errors import BackupdError
    from octeth_backupd.preflight.base import Subject

_ABOUT_THE_ENGINE = (EngineError, ProgramError)


class EngineFit:
    """Is the engine installed, and can its version back up this server?"""

    name = "engine_fit"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        for error in (subject.engine_error, subject.engine_version_error):
            if error is not None:
                return failed(self, subject, error.message, fix=error.hint or _fix(error))
        facts = subject.facts
        if facts is None or subject.engine is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if subject.engine_version is None:
            return unknown(self, subject, "there is no place to run the engine in")
        answer = subject.engine.check_fit(subject.engine_version, facts)
        return replace(answer, name=self.name, server=subject.server)


def _fix(error: BackupdError) -> str:
    if isinstance(error, _ABOUT_THE_ENGINE):
        return "Install the engine that fits the server."
    return "The engine could not be asked for its version; remove that cause, and ask again."
