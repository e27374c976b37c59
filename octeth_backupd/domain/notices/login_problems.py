"""Servers that a restore left with another password than the configured one: the next backup cannot log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.notices.current import CurrentProblem
from octeth_backupd.domain.notices.notice import NoticeKind, Severity
from octeth_backupd.domain.restore.old_login import lockouts

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run


def login_key(server: str) -> str:
    """Return the key of the problem that a server's account has another password since a restore."""
    return f"login:{server}"


def login_problem(run: Run) -> CurrentProblem:
    """Return the problem that a restore left.

    Args:
        run: The restore, after which nobody has logged in.
    """
    return CurrentProblem(
        key=login_key(run.server),
        kind=NoticeKind.CREDENTIALS,
        severity=Severity.ERROR,
        server=run.server,
        title=f"{run.server}: no backup can log in since its {run.operation}",
        cause="; ".join(lockouts(run)),
        hint=f"Correct [servers.{run.server}] password_file, or change the account's password; then make a backup.",
        command=f"octeth-backupctl backup --server {run.server}",
        since=run.finished_at or run.created_at,
    )
