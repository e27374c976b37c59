"""``cancel``: end a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.identifiers import quoted

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class CancelCommand:
    """See Command."""

    name = "cancel"
    summary = "end a run"
    description = "Ask a run to end. It leaves nothing behind; a few seconds may pass until it is over."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("run", metavar="RUN", help="any unambiguous part of the run's id")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        answer = connection.post(f"/v1/runs/{quoted(arguments.run)}/cancel")
        if screen.as_json:
            screen.document(answer)
            return OK
        run = answer["run"]
        if run["status"] == "cancelled":
            screen.line(f"run {run['id']} is cancelled")
        else:
            screen.line(f"run {run['id']} was asked to end; see it end with: octeth-backupctl watch {run['id']}")
        return OK
