"""The container that a server runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.server import Placement
from octeth_backupd.preflight.base import failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class Container:
    """Is the server's container there, running and not paused?"""

    name = "container"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.settings.placement is not Placement.CONTAINER:
            return passed(self, subject, "not needed: the server does not run in Docker")
        name = subject.settings.container
        found = subject.container
        if found is None:
            error = subject.survey.error
            if subject.survey.error_stage == "container" and error is not None:
                return failed(
                    self,
                    subject,
                    error.message,
                    fix=error.hint or f"Start the container, or correct [servers.{subject.server}] container.",
                    command="docker ps --all",
                )
            return unknown(self, subject, "the Docker engine could not be asked")
        if found.paused:
            return failed(
                self,
                subject,
                f"container {name} is paused",
                cause="A paused server answers nothing and writes nothing.",
                fix="Let it go on.",
                command=f"docker unpause {name}",
            )
        if found.restarting:
            return failed(
                self,
                subject,
                f"container {name} is restarting again and again",
                fix="Look at why the server does not stay up.",
                command=f"docker logs --tail 50 {name}",
            )
        if found.status != "running":
            return failed(
                self,
                subject,
                f"container {name} is {found.status or 'in an unknown state'}, not running",
                fix="Start it.",
                command=f"docker start {name}",
            )
        return passed(self, subject, f"container {name} runs ({found.image})")
