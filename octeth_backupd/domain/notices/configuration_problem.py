"""A configuration file with which the daemon would not start again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity

if TYPE_CHECKING:
    from octeth_backupd.domain.notices.standing import BrokenFile

CONFIGURATION_KEY = "configuration:file"


def configuration_problem(file: BrokenFile) -> CurrentProblem:
    """Return the problem that a file is with which the daemon would not start again."""
    consequence = (
        "a reload was refused, and the next start would fail" if file.was_refused else "the next start would fail"
    )
    return CurrentProblem(
        key=CONFIGURATION_KEY,
        kind=NoticeKind.FAILURE,
        severity=Severity.ERROR,
        title=f"the configuration file has mistakes: {consequence}",
        cause=f"{file.mistake}. What was loaded before is still in force",
        hint=f"Correct {file.path}, then reload.",
        command=f"octeth-backupd check-config --config {file.path}",
        since=file.since,
    )
