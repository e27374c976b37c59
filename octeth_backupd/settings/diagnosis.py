"""What ``octeth-backupd check-config`` says of the file as it is now, as answers of ``octeth-backupctl doctor``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.checks import CheckResult, CheckStatus
from octeth_backupd.settings.load import examine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = "configuration"


def diagnose_configuration(path: Path, environment: Mapping[str, str]) -> list[CheckResult]:
    """Return one answer for each doubt about the configuration file and the files of secrets that it names.

    The file is read anew: a mistake in it is found before the next start finds it.

    Args:
        path: The configuration file.
        environment: The daemon's, which may set what the file does not.
    """
    examination = examine(path, environment)
    if not examination.problems:
        return [CheckResult(name=NAME, status=CheckStatus.PASSED, summary=f"{path} can be used")]
    return [
        CheckResult(
            name=NAME,
            status=CheckStatus.WARNING if problem.is_warning else CheckStatus.FAILED,
            summary=str(problem),
            cause="" if problem.is_warning else "the daemon would not start with it",
            fix=problem.hint,
        )
        for problem in examination.problems
    ]
