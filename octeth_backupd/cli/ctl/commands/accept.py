"""``accept``: say that a doubted backup is good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.identifiers import quoted

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class AcceptCommand:
    """See Command."""

    name = "accept"
    summary = "say that a doubted backup is good"
    description = (
        "Say that a backup which the daemon doubts is good: it is not suspect any more, and what was held because of "
        "it expires again. Look at it first: octeth-backupctl show ID, octeth-backupctl verify ID --deep."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("id", metavar="ID", help="any unambiguous part of the id")
        parser.add_argument("--note", default="", metavar="TEXT", help="why, for whoever wonders later")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        document = connection.post(f"/v1/backups/{quoted(arguments.id)}/accept", {"note": arguments.note})
        if screen.as_json:
            screen.document(document)
        else:
            screen.line(f"{document['backup']['id']} is accepted: {document['backup']['status']}")
        return OK
