"""Backups, scratch space and the daemon's records beside the server's files, not among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.overlaps import places_around, places_inside
from octeth_backupd.preflight.base import NOT_LOGGED_IN, failed, passed, unknown

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class PlacesApart:
    """Are backups, workspace and state directory apart from the server's own directories?"""

    name = "places_apart"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        paths = subject.survey.paths
        if paths is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        directories = {role: path.resolve() for role, path in paths.host.items()}
        backups, workspace = subject.backup_directory.resolve(), subject.workspace_directory.resolve()
        places = {"backup directory": backups, "workspace directory": workspace}
        if subject.state_directory is not None:
            places["state directory"] = subject.state_directory.resolve()
        trees = {"directory of its backups": backups / subject.server, "workspace directory": workspace}
        found = [*places_inside(places, directories), *places_around(trees, directories)]
        if not found:
            return passed(self, subject, "backups and the server's files are apart")
        return failed(
            self,
            subject,
            "; ".join(found),
            cause="A restore in place moves the data directory away with everything in it, and deletes it later; and a "
            "server takes what lies among its files for its own.",
            fix="Keep backups and data in directories beside each other: set [local] directory, [backup] "
            "workspace_directory or [daemon] state_directory to another place, and move there what is in the old one.",
        )
