"""``pin`` and ``unpin``: keep a backup until told otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.identifiers import quoted

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class PinCommand:
    """See Command."""

    name = "pin"
    summary = "keep a backup until it is unpinned"
    description = "Keep every copy of a backup, whatever the retention policy says, until it is unpinned."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("id", metavar="ID", help="any unambiguous part of the id, or latest")
        parser.add_argument("--note", default="", metavar="TEXT", help="why, for whoever wonders later")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        document = connection.post(f"/v1/backups/{quoted(arguments.id)}/pin", {"note": arguments.note})
        if screen.as_json:
            screen.document(document)
        else:
            screen.line(f"{document['backup']['id']} is pinned: it never expires until it is unpinned")
        return OK


class UnpinCommand:
    """See Command."""

    name = "unpin"
    summary = "let a pinned backup expire again"
    description = "Undo pin: from now on the retention policy decides about the backup again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("id", metavar="ID", help="any unambiguous part of the id, or latest")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        document = connection.post(f"/v1/backups/{quoted(arguments.id)}/unpin", {})
        if screen.as_json:
            screen.document(document)
        else:
            screen.line(f"{document['backup']['id']} is not pinned: the retention policy decides about it")
        return OK
