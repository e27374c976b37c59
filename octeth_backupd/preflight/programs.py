"""The programs that every backup needs on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.preflight.base import failed, passed, warning

if TYPE_CHECKING:
    from octeth_backupd.domain.checks import CheckResult
    from octeth_backupd.preflight.base import Subject


class Tools:
    """Are the programs installed that pack the archive?"""

    name = "tools"

    def run(self, subject: Subject) -> CheckResult:
        """See Check.run."""
        if subject.find_program("tar") is None:
            return failed(
                self,
                subject,
                "tar is not installed",
                cause="The archive is packed by it.",
                fix="Install tar.",
                command="apt-get install tar",
            )
        if subject.compression == "gzip" and subject.find_program("pigz") is None:
            return warning(
                self,
                subject,
                "pigz is not installed: gzip compresses on one core only",
                fix='Install pigz, or set [compression] algorithm = "zstd".',
                command="apt-get install pigz",
            )
        return passed(self, subject, "the programs that pack an archive are there")
