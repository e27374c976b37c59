"""The scratch directory of runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import failed, passed

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject

PROBE_NAME = ".octeth-backupd-probe"
"""Always the same: what a killed daemon left of it is gone with the next look."""


class WorkspaceWritable:
    """Can a run make and fill its scratch directory?"""

    name = "workspace_writable"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run. Makes the workspace directory when it is absent, as a run would."""
        directory = subject.workspace_directory
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _try_to_write(directory)
        except OSError as exc:
            return failed(
                self,
                subject,
                f"cannot write in {directory}: {exc.strerror}",
                fix="Make it writable for the daemon (owner, mount options, ReadWritePaths of the unit), or set "
                "[backup] workspace_directory to another place.",
                command=f"ls -ld {directory}; findmnt -T {directory}",
            )
        return passed(self, subject, f"{directory} is writable")


def _try_to_write(directory: Path) -> None:
    probe = directory / PROBE_NAME
    descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, b"octeth-backupd")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
        probe.unlink(missing_ok=True)  # another server's check may have been here
