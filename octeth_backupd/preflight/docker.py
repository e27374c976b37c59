"""The Docker engine of a server that runs in a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Placement
from octeth_backupd.preflight.base import failed, passed

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class DockerEngine:
    """Can the Docker engine be reached?"""

    name = "docker"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.settings.placement is not Placement.CONTAINER:
            return passed(self, subject, "not needed: the server does not run in Docker")
        error = subject.survey.error
        if subject.survey.error_stage == "docker" and error is not None:
            return failed(
                self,
                subject,
                error.message,
                fix=error.hint or "Start Docker, and check [docker] host.",
                command="systemctl status docker",
            )
        return passed(self, subject, "the Docker engine answers")
