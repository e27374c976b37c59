"""Restores whose data came back with another password of the account than the configured one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from octeth_backupd.domain.backup import Run

OLD_LOGIN = "the accounts come back with the old password: correct password_file, or change the account's password"
"""Why such a restore is degraded: no backup can be made until somebody has seen to it."""


def left_old_login(run: Run) -> bool:
    """Return whether a run ended so."""
    return OLD_LOGIN in run.detail.get("degraded", ())


def put_data_in_place(run: Run) -> bool:
    """Return whether a restore that has ended left the server with other data than before."""
    return "safety_copy" in run.detail or run.detail.get("state") == "committed"
