"""The server's directories as the host sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class PathsMapped:
    """Does the engine see every directory that the server keeps data in?"""

    name = "paths_mapped"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        survey = subject.survey
        if survey.error_stage == "paths" and survey.error is not None:
            return failed(
                self,
                subject,
                survey.error.message,
                fix=survey.error.hint or f"Set data_directory of [servers.{subject.server}] to the host's path.",
            )
        paths = survey.paths
        if paths is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        shown = ", ".join(f"{role} ({paths.server[role]})" for role in paths.unmapped)
        if not shown:
            return passed(self, subject, f"the host sees all {len(paths.server)} directories")
        if subject.placement is not None and subject.placement.kind == "sidecar":
            if "data" in paths.unmapped:
                return warning(
                    self,
                    subject,
                    f"the host does not see {shown}; the sidecar does",
                    cause="A restore will have to go through the container's volumes.",
                )
            return passed(self, subject, f"the sidecar sees the server's directories; not on the host: {shown}")
        return failed(
            self,
            subject,
            f"the host does not see {shown}",
            cause="They lie inside the container only, or on another machine: an engine on the host cannot copy them.",
            fix="Mount them into the container from the host, or let the engine run in a sidecar "
            '([backup] runner = "sidecar" with sidecar_image).',
        )
