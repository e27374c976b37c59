"""``schedules``, ``pause`` and ``resume``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.wording import moment

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_HEADER = ("SERVER", "SCHEDULE", "RULE", "TIME ZONE", "NEXT DUE", "LAST DUE", "LAST")


class SchedulesCommand:
    """See Command."""

    name = "schedules"
    summary = "schedules, their next and last due times"
    description = "Show every schedule: its rule, when it comes due next, and what became of its last due time."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""

    def run(self, _arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        return _show(connection.get("/v1/schedules"), screen)


class PauseCommand:
    """See Command."""

    name = "pause"
    summary = "pause schedules until they are resumed"
    description = "Pause schedules until they are resumed, across restarts: all of them, or the ones that are named."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        _add_selection(parser)

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        return _show(connection.post("/v1/schedules/pause", _selection(arguments)), screen)


class ResumeCommand:
    """See Command."""

    name = "resume"
    summary = "let paused schedules run again"
    description = "Undo pause, for all schedules or the ones that are named. What came due meanwhile is not caught up."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        _add_selection(parser)

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        return _show(connection.post("/v1/schedules/resume", _selection(arguments)), screen)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", metavar="NAME", help="only this server's")
    parser.add_argument("--schedule", metavar="NAME", help="only the schedule of this name, such as daily")


def _selection(arguments: argparse.Namespace) -> dict[str, str | None]:
    return {"server": arguments.server, "schedule": arguments.schedule}


def _show(document: Json, screen: Screen) -> int:
    if screen.as_json:
        screen.document(document)
    elif not document["schedules"]:
        screen.line("No schedules are configured.")
    else:
        screen.table(_HEADER, [_row(schedule) for schedule in document["schedules"]])
    return OK


def _row(schedule: Json) -> tuple[str, ...]:
    due = moment(schedule["next_due"])
    if schedule["paused"]:
        due = f"paused by {schedule['paused_by'] or 'unknown'}, {moment(schedule['paused_at'])}"
    return (
        schedule["server"],
        schedule["schedule"],
        schedule["cron"],
        schedule["timezone"],
        due,
        moment(schedule["last_due_at"]),
        schedule["last_state"] or "-",
    )
