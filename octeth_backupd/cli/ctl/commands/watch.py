"""``watch``: follow a run that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.following import follow

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class WatchCommand:
    """See Command."""

    name = "watch"
    summary = "follow a run to its end"
    description = (
        "Show a run's progress until it is over, and end with the exit code of its outcome. Ctrl-C stops watching only."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("run", metavar="RUN", help="any unambiguous part of the run's id")
        parser.add_argument("--verbose", "-v", action="store_true", help="show what the programs print")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        return follow(arguments.run, connection, screen, with_output=arguments.verbose)
