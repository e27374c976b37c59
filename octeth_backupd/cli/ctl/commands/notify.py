"""``notify``: how notifiers stand, and trying them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import FAILED, NOT_FOUND, OK
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.notifier_drawing import show_notifier
from octeth_backupd.cli.ctl.wording import duration
from octeth_backupd.cli.ctl.wrapping import show_wrapped

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen


class NotifyCommand:
    """See Command."""

    name = "notify"
    summary = "how the notifiers stand; send a test notice"
    description = (
        "list shows each notifier, what waits for it and why. test sends a test notice by one notifier, or by all, "
        "waits for the outcome, and ends with 1 when one did not get through."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("action", choices=("list", "test"), help="what to do")
        parser.add_argument("notifier", nargs="?", metavar="NAME", help="only this notifier (default: all)")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        if arguments.action == "test":
            return _test(arguments.notifier, connection, screen)
        return _list(arguments.notifier, connection, screen)


def _test(name: str | None, connection: Connection, screen: Screen) -> int:
    document = connection.post("/v1/notifiers/test", {} if name is None else {"name": name}, slow=True)
    if screen.as_json:
        screen.document(document)
    else:
        for test in document["tests"]:
            _show_test(test, screen)
    return OK if document["passed"] else FAILED


def _show_test(test: Json, screen: Screen) -> None:
    what = f"{test['name']} ({test['kind']}, {test['endpoint']})"
    if not test["error"]:
        text = f"{screen.symbols['passed']} {what}: sent in {duration(test['duration_seconds'])}"
        show_wrapped(text, screen, hang=4, style="green")
        return
    show_wrapped(f"{screen.symbols['failed']} {what}: {test['error']}", screen, hang=4, style="red")
    if test["hint"]:
        show_wrapped(test["hint"], screen, indent=4)


def _list(name: str | None, connection: Connection, screen: Screen) -> int:
    document = connection.get("/v1/notifiers")
    found = [one for one in document["notifiers"] if name in (None, one["name"])]
    if name is not None and not found:
        raise CommandFailedError(f"no notifier {name!r}", exit_code=NOT_FOUND)
    if screen.as_json:
        screen.document({**document, "notifiers": found})
        return OK
    if not found:
        screen.line("no notifier is configured: nobody is told of anything")
    now = datetime.now(UTC)
    for one in found:
        show_notifier(one, screen, now=now)
    return OK
