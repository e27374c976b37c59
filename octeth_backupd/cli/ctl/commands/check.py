"""``check``: for monitoring systems, is there a backup that is good enough?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.amounts import parse_duration, parse_size
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.freshness import add_requirements, ask_freshness
from octeth_backupd.cli.ctl.nagios import EXIT_CODES, UNKNOWN, status_line, unknown_line
from octeth_backupd.cli.ctl.wording import duration, size

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_STYLES = {"ok": "green", "warning": "yellow", "critical": "red"}


class CheckCommand:
    """See Command."""

    name = "check"
    summary = "for monitoring: is there a backup that is good enough?"
    description = (
        "Judge each server: critical without a verified backup that is young, large and proven enough, warning when "
        "there is one but the last backup run failed. Ends with the codes of monitoring systems: 0 ok, 1 warning, "
        "2 critical, 3 unknown, which is also that the daemon cannot be asked."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="only this server")
        add_requirements(parser, max_age="26h")
        parser.add_argument(
            "--nagios", action="store_true", help="exactly one line, with performance data, as plugins print it"
        )

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        try:
            document = ask_freshness(arguments, connection)
        except CommandFailedError as failure:
            if not arguments.nagios:
                screen.failure(failure)
            else:
                screen.line(unknown_line(failure.message))
            return UNKNOWN
        if screen.as_json and not arguments.nagios:
            screen.document(document)
        elif arguments.nagios:
            screen.line(_line(document, arguments))
        else:
            for one in document["servers"]:
                screen.line(f"{one['verdict']}: {_words(one)}", style=_STYLES.get(one["verdict"], ""))
        return EXIT_CODES.get(document["verdict"], UNKNOWN)


def _line(document: Json, arguments: argparse.Namespace) -> str:
    words = "; ".join(_words(one) for one in document["servers"]) or "no server is configured"
    return status_line(
        document,
        words,
        max_age_seconds=parse_duration(arguments.max_age),
        min_size_bytes=None if arguments.min_size is None else parse_size(arguments.min_size),
    )


def _words(one: Json) -> str:
    if one["problems"]:
        return f"{one['server']}: {'; '.join(one['problems'])}"
    backup = one["backup"]
    places = ", ".join(backup["storages"])
    return f"{backup['id']} is {duration(one['age_seconds'])} old, {size(backup['size_bytes'])}, in {places}"
