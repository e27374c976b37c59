"""Restores whose data came back with another password of the account than the configured one, or with no account."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run

OLD_LOGIN = "the accounts come back with the old password: correct password_file, or change the account's password"
"""Why such a restore is degraded: no backup can be made until somebody has seen to it."""
NO_LOGIN = "nobody could log in on the restored data: correct password_file, or make the account again"
"""The same, where no password at all was right: only a restore without rehearsal can come to that."""


def lockouts(run: Run) -> tuple[str, ...]:
    """Return in which of these ways a run ended; none where the configured password is right."""
    return tuple(cause for cause in (OLD_LOGIN, NO_LOGIN) if cause in run.detail.get("degraded", ()))


def left_old_login(run: Run) -> bool:
    """Return whether it ended in any of them."""
    return bool(lockouts(run))


def put_data_in_place(run: Run) -> bool:
    """Return whether a restore that has ended left the server with other data than before."""
    return "safety_copy" in run.detail or run.detail.get("state") == "committed"
