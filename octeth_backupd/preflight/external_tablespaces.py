"""Tablespaces outside the data directory."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import EXTERNAL_PREFIX
from octeth_backupd.domain.server import TablespaceKind
from octeth_backupd.preflight.base import NOT_LOGGED_IN, passed, unknown, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.domain.server import ServerPaths, Tablespace
    from octeth_backupd.preflight.base import Subject

PATHS_SHOWN = 3


class ExternalTablespaces:
    """Do tables lie outside the data directory, where a restore must put them back?"""

    name = "external_tablespaces"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        facts, paths = subject.facts, subject.survey.paths
        if facts is None or paths is None:
            return unknown(self, subject, NOT_LOGGED_IN)
        outside = [one.path for one in facts.tablespaces if _is_outside(one, paths)]
        if not outside:
            return passed(self, subject, "every tablespace lies in the server's own directories")
        more = f" and {len(outside) - PATHS_SHOWN} more" if len(outside) > PATHS_SHOWN else ""
        return warning(
            self,
            subject,
            f"outside the data directory: {', '.join(outside[:PATHS_SHOWN])}{more}",
            cause="The engine must see these paths as the server does, and a restore must put the files back there.",
            fix="Mount their directories into the container, and into the sidecar, under the same path.",
        )


def _is_outside(tablespace: Tablespace, paths: ServerPaths) -> bool:
    if tablespace.kind not in {TablespaceKind.SINGLE, TablespaceKind.GENERAL} or tablespace.discarded:
        return False
    if tablespace.path.startswith("../"):
        return True
    path = PurePosixPath(tablespace.path)
    own = [directory for role, directory in paths.server.items() if not role.startswith(EXTERNAL_PREFIX)]
    return path.is_absolute() and not any(path.is_relative_to(directory) for directory in own)
