"""Asking a server's program about itself, without a server: version, options of its configuration files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.server_options import SERVER_PROGRAMS, is_server_program
from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.errors import ProgramError
from octeth_backupd.process.cancellation import Cancellation
from octeth_backupd.process.command import Command

if TYPE_CHECKING:
    from octeth_backupd.process.command import Runner

Ask = Callable[[str, Sequence[str]], str | None]
"""Runs a program with arguments and returns what it printed; None when it is not there, failed or took too long."""

ASK_TIMEOUT_SECONDS = 20
_VERSION = re.compile(r"\bVer\s+\d+\.\d+\.\d+")
_ACCOUNT = re.compile(r"uid=(\d+)\S*\s+gid=(\d+)")
_BETWEEN_OPTIONS = re.compile(r"\s+(?=--)")
_CHOICES_OF_FILES = ("--defaults-file=", "--defaults-extra-file=", "--defaults-group-suffix=", "--no-defaults")


def ask_version(ask: Ask, likely: Sequence[str] = ()) -> tuple[str, str] | None:
    """Return a server program and what its ``--version`` says; None when there is none.

    Args:
        ask: Where the program is.
        likely: Programs to try before the usual names.
    """
    for program in dict.fromkeys((*likely, *SERVER_PROGRAMS)):
        output = ask(program, ("--version",))
        if output is not None and _VERSION.search(output):
            return program, " ".join(output.split())
    return None


def ask_configuration(ask: Ask, program: str, command: Sequence[str]) -> tuple[str, ...]:
    """Return the options that configuration files give a server.

    Args:
        ask: Where the program is.
        program: As ``ask_version`` found it.
        command: What the server is started with: its leading options may choose the files. Nothing else of it is
            handed on; it may hold secrets.
    """
    words = command[1:] if command and is_server_program(command[0]) else command
    chosen = tuple(word for word in words if word.startswith(_CHOICES_OF_FILES))
    if "--no-defaults" in chosen:
        return ()
    return printed_defaults(ask(program, (*chosen, "--print-defaults")) or "")


def ask_account(ask: Ask) -> Owner | None:
    """Return numbers of the user ``mysql``; None where there is none, or nobody can say."""
    match = _ACCOUNT.search(ask("id", ("mysql",)) or "")
    return Owner(user_id=int(match[1]), group_id=int(match[2])) if match else None


def printed_defaults(output: str) -> tuple[str, ...]:
    """Return the options in the output of ``--print-defaults``: one line, after a line that announces it."""
    lines = [line.strip() for line in output.splitlines()]
    return tuple(option for line in lines if line.startswith("--") for option in _BETWEEN_OPTIONS.split(line))


def on_host(runner: Runner) -> Ask:
    """Return how to ask programs of this host."""

    def ask(program: str, arguments: Sequence[str]) -> str | None:
        lines: list[str] = []
        command = Command(program=program, arguments=tuple(arguments), low_priority=False)
        try:
            completed = runner.run(
                command, on_line=lines.append, cancellation=Cancellation(), timeout_seconds=ASK_TIMEOUT_SECONDS
            )
        except ProgramError:
            return None
        return "\n".join(lines) if completed.exit_code == 0 else None

    return ask
