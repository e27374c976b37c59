"""What the translation must be told of the machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import PurePosixPath

    from octeth_backupd.domain.legacy.crontab import CronLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Facts of this host, looked up beforehand.

    Attributes:
        option_problem: Says why an option may not be given to XtraBackup; None when it may.
        sections: Sections that the configuration of this release has.
        secret_directory: Where files with secrets will be.
        data_directory: The host's directory that the container has as /var/lib/mysql; None when that is not known.
        mounted: Every directory of the host that the container has.
        docker_problem: Why it is not known; empty when it is.
        real_paths: Directory → the same without symbolic links, where the two differ.
        cron_lines: Lines by which cron starts the bash tool.
        scripts: Text of the installed scripts; empty where they are not there.
    """

    option_problem: Callable[[str], str | None]
    sections: frozenset[str]
    secret_directory: PurePosixPath
    data_directory: PurePosixPath | None = None
    mounted: tuple[PurePosixPath, ...] = ()
    docker_problem: str = ""
    real_paths: Mapping[PurePosixPath, PurePosixPath] = field(default_factory=dict)
    cron_lines: tuple[CronLine, ...] = ()
    scripts: str = ""

    def never_read(self, variable: str) -> bool:
        """Return whether the installed version of the tool is too old to know a variable."""
        return bool(self.scripts) and variable not in self.scripts

    def is_same_directory(self, one: PurePosixPath, other: PurePosixPath) -> bool:
        """Return whether two paths lead to the same directory."""
        return self.real_paths.get(one, one) == self.real_paths.get(other, other)
