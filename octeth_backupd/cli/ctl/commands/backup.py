"""``backup``: make one now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.following import follow_accepted

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class BackupCommand:
    """See Command."""

    name = "backup"
    summary = "make a backup now and show its progress"
    description = (
        "Make a backup now and follow it to its end; Ctrl-C stops following, not the backup. "
        "Refused while another run holds the server, unless --wait is given."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="which server; needed when several are configured")
        parser.add_argument("--wait", action="store_true", help="queue it when another run holds the server")
        parser.add_argument("--detach", action="store_true", help="print the run's id and return at once")
        parser.add_argument("--verbose", "-v", action="store_true", help="show what the programs print")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        accepted = connection.post("/v1/backups", {"server": arguments.server, "wait": arguments.wait})
        return follow_accepted(accepted, connection, screen, detach=arguments.detach, with_output=arguments.verbose)
