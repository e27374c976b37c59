"""``undo``: take a restore back while its safety copy is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.confirmation import confirmed_name
from octeth_backupd.cli.ctl.exit_codes import USAGE
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.following import follow_accepted
from octeth_backupd.cli.ctl.identifiers import quoted
from octeth_backupd.cli.ctl.wording import moment, size

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen


class UndoCommand:
    """See Command."""

    name = "undo"
    summary = "take the newest restore back while its safety copy is there"
    description = (
        "Put the data back that the newest restore of a server replaced, and keep the restored data aside, with what "
        "was written to it since. The server is stopped and started once. Asks for the server's name to be typed."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="which server; needed when several have a safety copy")
        parser.add_argument("--yes", action="store_true", help="do not ask for the server's name")
        parser.add_argument("--detach", action="store_true", help="print the run's id and return at once")
        parser.add_argument("--verbose", "-v", action="store_true", help="show what the programs print")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        undone = _newest(connection.get("/v1/restores", server=arguments.server)["restores"])
        server = undone["server"]
        if not screen.as_json:
            screen.line(f"Undo {undone['operation']} {undone['id']} of {server}", style="bold")
            screen.pairs(_facts(undone), indent="  ")
            screen.line()
        confirm = confirmed_name(server, screen, yes=arguments.yes)
        accepted = connection.post(f"/v1/servers/{quoted(server)}/undo", {"confirm": confirm})
        return follow_accepted(accepted, connection, screen, detach=arguments.detach, with_output=arguments.verbose)


def _newest(restores: list[Json]) -> Json:
    """Return the restore that the daemon would undo; restores are newest first."""
    kept = [restore for restore in restores if restore["state"] == "committed" and restore["safety_copy"]]
    servers = sorted({restore["server"] for restore in kept})
    if not kept:
        raise CommandFailedError(
            "there is no safety copy: nothing can be undone",
            hint="A safety copy is kept for a while after each restore: octeth-backupctl status shows it.",
            code="invalid_request",
            exit_code=USAGE,
        )
    if len(servers) > 1:
        raise CommandFailedError(
            f"several servers have a safety copy: {', '.join(servers)}",
            hint="Name one with --server.",
            code="invalid_request",
            exit_code=USAGE,
        )
    return kept[0]


def _facts(restore: Json) -> list[tuple[str, str]]:
    return [
        ("restored", restore["backup_id"] or restore["archive"] or "-"),
        ("begun", f"{moment(restore['created_at'])} by {restore['requested_by']}"),
        ("safety copy", f"{size(restore['safety_copy_bytes'])}, kept until {moment(restore['expires_at'])}"),
        *[("", path) for path in restore["safety_copy"]],
        ("what happens", "the server is stopped, this data takes its place again, the server is"),
        ("", "started; the restored data is kept aside with what was written since"),
    ]
