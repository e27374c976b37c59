"""``runs``: what was done, and how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.outcome import status_words
from octeth_backupd.cli.ctl.wording import duration, moment, run_seconds

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_LARGEST_PAGE = 1000
_HEADER = ("RUN", "SERVER", "WHAT", "TRIGGER", "BEGAN", "TOOK", "STATUS", "RESULT")


class RunsCommand:
    """See Command."""

    name = "runs"
    summary = "runs and their outcomes, newest first"
    description = "List runs, newest first: backups and verifications, by schedule or by hand, with their outcomes."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """See Command.add_arguments."""
        parser.add_argument("--server", metavar="NAME", help="only this server's")
        parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most N (default: 20)")

    def run(self, arguments: argparse.Namespace, connection: Connection, screen: Screen) -> int:
        """See Command.run."""
        runs = _fetch(connection, arguments.server, limit=max(1, arguments.limit))
        if screen.as_json:
            screen.document({"schema_version": 1, "runs": runs})
        elif not runs:
            screen.line("Nothing has run yet.")
        else:
            screen.table(_HEADER, [_row(run) for run in runs], right=frozenset({"TOOK"}))
        return OK


def _fetch(connection: Connection, server: str | None, *, limit: int) -> list[Json]:
    found: list[Json] = []
    before: str | None = None
    while len(found) < limit:
        page = connection.get("/v1/runs", server=server, limit=min(limit - len(found), _LARGEST_PAGE), before=before)
        found += page["runs"]
        before = page["next_before"]
        if before is None:
            break
    return found


def _row(run: Json) -> tuple[str, ...]:
    took = run_seconds(run)
    return (
        run["id"],
        run["server"],
        run["operation"],
        run["trigger"],
        moment(run["started_at"]),
        "-" if took is None else duration(took),
        status_words(run),
        run["error"] or run["detail"].get("outcome") or _made(run),
    )


def _made(run: Json) -> str:
    made = run["backup_id"] or ""
    return f"{made}: {run['suspect']}" if run["suspect"] else made
