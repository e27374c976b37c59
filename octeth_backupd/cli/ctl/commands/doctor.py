"""``doctor``: every check, with cause, fix and the command to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import FAILED, OK

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_STYLES = {"passed": "green", "warning": "yellow", "failed": "red", "unknown": "yellow"}


class DoctorCommand:
    """See Command."""

    name = "doctor"
    summary = "check everything a backup needs and say how to mend it"
    description = "Run all checks. Each that does not pass comes with its cause, what to do, and the command to run."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="only this server")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        document = connection.get("/v1/doctor", slow=True, server=arguments.server)
        if screen.as_json:
            screen.document(document)
        else:
            _show(document["checks"], screen)
        return OK if document["passed"] else FAILED


def _show(checks: list[Json], screen: Screen) -> None:
    width = max((len(check["name"]) for check in checks), default=0)
    for server in dict.fromkeys(check["server"] for check in checks):
        screen.line(server or "installation", style="bold")
        for check in checks:
            if check["server"] == server:
                _show_check(check, screen, width)
        screen.line()
    counts = {status: sum(check["status"] == status for check in checks) for status in _STYLES}
    screen.line(", ".join(f"{count} {status}" for status, count in counts.items() if count))


def _show_check(check: Json, screen: Screen, width: int) -> None:
    status = check["status"]
    screen.line(f"  {screen.symbols[status]} {check['name']:<{width}}  {check['summary']}", style=_STYLES[status])
    if status == "passed":
        return
    for label in ("cause", "fix"):
        if check[label]:
            screen.line(f"      {label}: {check[label]}")
    for line in check["command"].splitlines():
        screen.line(f"      $ {line}")
