"""``delete``: delete every copy of one backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.confirmation import confirmed_name
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.following import follow_accepted
from octeth_backupd.cli.ctl.identifiers import quoted
from octeth_backupd.cli.ctl.wording import moment, size

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_LATEST = "latest"


class DeleteCommand:
    """See Command."""

    name = "delete"
    summary = "delete every copy of one backup"
    description = (
        "Delete every copy of one backup, remote ones first. Asks for the server's name to be typed. What never "
        "expires by itself (the newest, the best proven, what a hold protects) needs --force; a pinned backup is "
        "unpinned first."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("id", metavar="ID", help="any unambiguous part of the id")
        parser.add_argument("--force", action="store_true", help="even what never expires by itself")
        parser.add_argument("--yes", action="store_true", help="do not ask for the server's name")
        parser.add_argument("--detach", action="store_true", help="print the run's id and return at once")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        if arguments.id == _LATEST:
            raise CommandFailedError(
                "a backup is deleted by its id, not as latest",
                hint="See octeth-backupctl list.",
                code="invalid_request",
            )
        backup = connection.get(f"/v1/backups/{quoted(arguments.id)}")["backup"]
        if not screen.as_json:
            screen.line(f"Delete backup {backup['id']} of {backup['server']}", style="bold")
            screen.pairs(_facts(backup), indent="  ")
            screen.line()
        confirm = confirmed_name(backup["server"], screen, yes=arguments.yes, to=f"delete backup {backup['id']}")
        accepted = connection.post(
            f"/v1/backups/{quoted(backup['id'])}/delete", {"confirm": confirm, "force": arguments.force}
        )
        return follow_accepted(accepted, connection, screen, detach=arguments.detach, with_output=False)


def _facts(backup: Json) -> list[tuple[str, str]]:
    copies = [copy for copy in backup["copies"] if copy["state"] != "deleted"]
    return [
        ("taken", moment(backup["taken_at"])),
        ("status", backup["status"]),
        *[(copy["storage"], f"{copy['state']}, {size(copy['size_bytes'])}: {copy['key']}") for copy in copies],
    ]
