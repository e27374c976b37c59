"""Free space for the workspace, the archive, and the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.space import (
    BACKUPS_ROLE,
    SERVER_ROLE,
    WORKSPACE_ROLE,
    Shortage,
    format_bytes,
    requirement,
    shortages,
)
from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class Space:
    """Is there room for the backup on every file system that it touches, within the limits?"""

    name = "space"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        measured = {place.role for place in subject.file_systems}
        if not {WORKSPACE_ROLE, BACKUPS_ROLE} <= measured:
            return unknown(self, subject, "the file systems of workspace and backups could not be measured")
        required = requirement(
            mode=subject.mode,
            data_bytes=subject.facts.data_bytes,
            policy=subject.space_policy,
            last=subject.previous,
        )
        short = shortages(required, subject.file_systems, subject.space_policy)
        if short:
            return failed(
                self,
                subject,
                "; ".join(_in_words(shortage) for shortage in short),
                cause=f"The server holds {format_bytes(subject.facts.data_bytes)}; the workspace needs that and a "
                f"margin, the archive about {format_bytes(required.archive_bytes)}.",
                fix="Free space there, or put [backup] workspace_directory or [local] directory elsewhere.",
                command="\n".join(f"df -h {shortage.path}" for shortage in short),
            )
        return self._server_disk(subject) or passed(
            self,
            subject,
            f"{format_bytes(required.workspace_bytes)} for the workspace and {format_bytes(required.archive_bytes)} "
            "for the archive fit",
        )

    def _server_disk(self, subject: Subject) -> CheckResult | None:
        limit = subject.space_policy.max_disk_usage_percent
        for place in subject.file_systems:
            if place.role == SERVER_ROLE and place.used_percent > limit:
                return warning(
                    self,
                    subject,
                    f"the server's own file system ({place.path}) is {place.used_percent:.0f} % full",
                    cause="The backup does not write there; the server does, and stops when it is full.",
                    fix="Free space there, or enlarge it.",
                    command=f"df -h {place.path}",
                )
        return None


def _in_words(shortage: Shortage) -> str:
    return (
        f"{' and '.join(shortage.roles)} on {shortage.path}: {format_bytes(shortage.needed_bytes)} needed, "
        f"{format_bytes(shortage.free_bytes)} free, {format_bytes(shortage.missing_bytes)} too little "
        f"({shortage.limit})"
    )
