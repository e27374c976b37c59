"""``sync``: compare catalog and storage backends, and rebuild a lost catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import DEGRADED, OK
from octeth_backupd.cli.ctl.following import follow_accepted
from octeth_backupd.cli.ctl.sync_drawing import draw_sync

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class SyncCommand:
    """See Command."""

    name = "sync"
    summary = "compare the catalog with what lies in every storage backend"
    description = (
        "List every storage backend, take backups that the catalog does not know into it, mark those that are missing "
        "or damaged, and show what does not belong there. Rebuilds a lost catalog, also on a new host. Nothing in a "
        "storage backend is changed without --repair, and nothing of another installation ever."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="only this server's backups")
        parser.add_argument(
            "--adopt", metavar="INSTALLATION", default="", help="take over the backups of a lost installation"
        )
        parser.add_argument(
            "--repair", action="store_true", help="remove leftovers of ours, write missing checksum files and manifests"
        )
        parser.add_argument("--last", action="store_true", help="only show what the last sync found")
        parser.add_argument("--all", action="store_true", help="show every finding, not the first ones of each kind")
        parser.add_argument("--detach", action="store_true", help="print the run's id and return at once")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        code = OK
        if not arguments.last:
            wish = {"adopt": arguments.adopt, "repair": arguments.repair, "server": arguments.server}
            accepted = connection.post("/v1/sync", wish)
            code = follow_accepted(accepted, connection, screen, detach=arguments.detach, with_output=False)
            if arguments.detach or code not in {OK, DEGRADED}:
                return code
        document = connection.get("/v1/sync")
        if screen.as_json:
            screen.record({"type": "sync_report", **document})
        else:
            draw_sync(document["report"], screen, with_all=arguments.all)
        return code
