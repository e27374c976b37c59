"""``status``: the whole installation on one screen."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.identifiers import quoted
from octeth_backupd.cli.ctl.status_drawing import show_status

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection
    from octeth_backupd.cli.ctl.screen import Screen


class StatusCommand:
    """See Command."""

    name = "status"
    summary = "how the daemon and each server's backups stand"
    description = (
        "Show in one line whether all is well; what is wrong, why, and what to do about it; of each server the newest "
        "good backup, what goes on now, what comes next, and what is stored where; what waits to be uploaded, safety "
        "copies of restores, notifiers. The exit code is 0 whatever is shown: scripts ask octeth-backupctl check."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""

    def run(self, _arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        status = connection.get("/v1/status")
        restores = connection.get("/v1/restores")["restores"]
        if screen.as_json:
            screen.document({**status, "restores": restores})
            return OK
        ids = [server["active_run"]["id"] for server in status["servers"] if server["active_run"] is not None]
        running = {run_id: connection.get(f"/v1/runs/{quoted(run_id)}") for run_id in ids}
        show_status(status, restores, running, screen, now=datetime.now(UTC))
        return OK
