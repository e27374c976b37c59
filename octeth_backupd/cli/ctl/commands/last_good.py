"""``last-good``: for scripts, the newest verified backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import FAILED, OK
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.freshness import add_requirements, ask_freshness
from octeth_backupd.cli.ctl.times import time_argument

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen


class LastGoodCommand:
    """See Command."""

    name = "last-good"
    summary = "for scripts: the newest verified backup"
    description = (
        "Print the id of a server's newest verified backup and end with 0; end with 1 when there is none that is "
        "young, large and proven enough."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="which server (needed where there are several)")
        add_requirements(parser, max_age=None)
        parser.add_argument(
            "--before",
            type=time_argument,
            metavar="TIME",
            help="it was taken before this time, in ISO 8601; without a zone it is UTC",
        )

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        before = None if arguments.before is None else arguments.before.isoformat()
        document = ask_freshness(arguments, connection, before=before)
        one = _only(document["servers"])
        if screen.as_json:
            screen.document({"schema_version": 1, **one, "found": _is_found(one)})
        elif _is_found(one):
            screen.line(one["backup"]["id"])
        else:
            screen.message(f"octeth-backupctl: {one['server']}: {one['problems'][0]}")
        return OK if _is_found(one) else FAILED


def _is_found(one: Json) -> bool:
    """Return whether there is one: that a later run failed takes nothing from it."""
    return one["backup"] is not None and one["verdict"] != "critical"


def _only(servers: list[Json]) -> Json:
    if not servers:
        raise CommandFailedError("no server is configured", code="not_found")
    if len(servers) > 1:
        names = " | ".join(one["server"] for one in servers)
        raise CommandFailedError(
            "several servers are configured", hint=f"Name one: --server {names}.", code="invalid_request"
        )
    return servers[0]
