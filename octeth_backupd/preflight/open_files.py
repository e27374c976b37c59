"""The limit of open files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject

SPARE_FILES = 1000


class OpenFiles:
    """May the engine open every tablespace at once?"""

    name = "open_files"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run.

        Source:
            mariadb-backup 10.11 with 150 tables and a limit of 64: "Error number 24 means 'Too many open files'".
        """
        if subject.facts is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        if subject.placement is not None and subject.placement.kind == "sidecar":
            return passed(self, subject, "the sidecar has the limit of the Docker engine")
        needed = len(subject.facts.tablespaces) + SPARE_FILES
        if 0 < subject.open_files_limit < needed:
            return failed(
                self,
                subject,
                f"{needed} files may have to be open, the limit is {subject.open_files_limit}",
                cause="Engines keep a file open for each tablespace, in backup and in prepare.",
                fix=f"Raise LimitNOFILE of the daemon's unit to {needed} or more, and restart it.",
                command="systemctl edit octeth-backupd.service",
            )
        return passed(self, subject, f"{needed} open files are within the limit")
