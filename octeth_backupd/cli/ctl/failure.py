"""The one error of the command line: what to say, and what to end with."""

from __future__ import annotations

from octeth_backupd.cli.ctl.exit_codes import ERRORS, FAILED


class CommandFailedError(Exception):
    """A command cannot do what was asked.

    Attributes:
        code: The daemon's error code, or ``unavailable`` when there was no daemon to ask.
        exit_code: What the process ends with.
        hint: A sentence that says what to do; may be empty.
    """

    def __init__(self, message: str, *, hint: str = "", code: str = "failed", exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code
        self.exit_code = ERRORS.get(code, FAILED) if exit_code is None else exit_code
