"""``version``: of the command line and of the daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd import __version__
from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.failure import CommandFailedError

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class VersionCommand:
    """See Command."""

    name = "version"
    summary = "versions of the command line and of the daemon"
    description = "Show the versions of octeth-backupctl and, when it answers, of the daemon."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""

    def run(self, _arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        daemon: str | None = None
        reason = ""
        try:
            daemon = connection.get("/v1/")["version"]
        except CommandFailedError as failure:
            reason = failure.message
        if screen.as_json:
            screen.document({"schema_version": 1, "client": __version__, "daemon": daemon})
            return OK
        screen.pairs([("octeth-backupctl", __version__), ("octeth-backupd", daemon or f"unknown: {reason}")])
        return OK
