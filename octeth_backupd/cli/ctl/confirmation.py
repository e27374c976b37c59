"""Asking whoever sits at the terminal to type the name of the server whose data is replaced or deleted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import USAGE
from octeth_backupd.cli.ctl.failure import CommandFailedError

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.screen import Screen


def confirmed_name(server: str, screen: Screen, *, yes: bool, to: str = "") -> str:
    """Return the server's name when it was typed, or need not be.

    Args:
        server: The name that must be typed.
        screen: Where to ask: on standard error, so that a redirected output does not hide the question.
        yes: ``--yes`` was given.
        to: What is confirmed, such as "delete backup …"; empty: to replace the server's data.

    Raises:
        CommandFailedError: Something else was typed, or there is nobody to ask.
    """
    if yes:
        return server
    if screen.as_json or not sys.stdin.isatty():
        raise CommandFailedError(
            f"nobody is there to confirm to {to}; nothing was touched"
            if to
            else f"the data of {server} would be replaced, and nobody is there to confirm it; nothing was touched",
            hint="Run it on a terminal without --json, or give --yes.",
            code="invalid_request",
            exit_code=USAGE,
        )
    screen.question(f"Type the server's name, {server}, to {to or 'replace its data'}: ")
    if sys.stdin.readline().strip() != server:
        raise CommandFailedError("not confirmed; nothing was touched", code="cancelled")
    return server
