"""The contract of commands.

A command asks the daemon, shows the answer and returns an exit code. With ``screen.as_json`` it writes the daemon's
document and nothing else on standard output. What it cannot do it says with ``CommandFailedError``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class Command(Protocol):
    """One command.

    Attributes:
        name: What the user types.
        summary: A few words for the list of commands, lower case.
        description: Sentences for its own help.
    """

    name: str
    summary: str
    description: str

    def add_arguments(self, parser: argparse.ArgumentParser, /) -> None:
        """Declare its arguments."""

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen, /) -> int:
        """Do it and return the exit code.

        Raises:
            CommandFailedError: It could not be done.
        """
