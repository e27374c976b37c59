"""Where the engine's program can run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class EnginePlacement:
    """Is there a place where the engine sees the server's files and reaches the server?"""

    name = "engine_placement"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.placement_error is not None:
            return failed(
                self,
                subject,
                subject.placement_error.message,
                fix=subject.placement_error.hint or "Set [backup] runner or sidecar_image.",
            )
        if subject.placement is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        where = "on the host" if subject.placement.kind == "host" else "in a sidecar container"
        return passed(self, subject, f"the engine runs {where}")
