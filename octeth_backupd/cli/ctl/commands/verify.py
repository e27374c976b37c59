"""``verify``: read a backup's copies back and compare; with ``--deep`` start a server on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.following import follow_accepted
from octeth_backupd.cli.ctl.identifiers import quoted

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class VerifyCommand:
    """See Command."""

    name = "verify"
    summary = "read a backup's copies back and compare checksums"
    description = (
        "Read every copy of a backup back, decompress it and compare checksum and content. With --deep unpack it, too, "
        "start a server on it and check every table. No server and no backup is changed. Copies in remote storages are "
        "fetched as a whole, which their providers may charge for; --storage chooses one copy."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("id", metavar="ID", help="any unambiguous part of the id, or latest")
        parser.add_argument("--deep", action="store_true", help="also start a server on it and check every table")
        parser.add_argument("--storage", metavar="NAME", default="", help="read only the copy in this storage")
        parser.add_argument("--detach", action="store_true", help="print the run's id and return at once")
        parser.add_argument("--verbose", "-v", action="store_true", help="show what the programs print")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        wish = {"deep": arguments.deep, "storage": arguments.storage}
        accepted = connection.post(f"/v1/backups/{quoted(arguments.id)}/verify", wish)
        return follow_accepted(accepted, connection, screen, detach=arguments.detach, with_output=arguments.verbose)
