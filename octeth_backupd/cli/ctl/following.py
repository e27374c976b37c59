"""Following a run: its events drawn as they come, its outcome as the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.drawing import Drawing, PlainDrawing, RecordDrawing
from octeth_backupd.cli.ctl.exit_codes import INTERRUPTED_BY_USER, OK, UNAVAILABLE
from octeth_backupd.cli.ctl.failure import CommandFailedError
from octeth_backupd.cli.ctl.identifiers import quoted
from octeth_backupd.cli.ctl.outcome import exit_code_of, show_outcome

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen


def follow_accepted(accepted: Json, connection: Connection, screen: Screen, *, detach: bool, with_output: bool) -> int:
    """Follow a run that the daemon has just accepted, or only name it."""
    run = accepted["run"]
    if not detach:
        return follow(run["id"], connection, screen, with_output=with_output)
    if screen.as_json:
        screen.document(accepted)
    else:
        screen.line(f"run {run['id']} is {run['status']}")
        screen.message(_how_to_go_on(run["id"]))
    return OK


def follow(part: str, connection: Connection, screen: Screen, *, with_output: bool) -> int:
    """Draw a run until it is over.

    Args:
        part: Any unambiguous part of the run's id.
        connection: The daemon.
        screen: Where to draw: a bar on a terminal, lines elsewhere, JSON objects when asked for.
        with_output: Show what the programs print.

    Returns:
        The exit code of the outcome; 130 when the user stopped following.

    Raises:
        CommandFailedError: No such run, or the connection ended before the run did.
    """
    run_id = part
    try:
        with _drawing(screen, with_output=with_output) as drawing:
            for event in connection.events(part):
                if event["type"] == "run":
                    run_id = event["run"]["id"]
                drawing.draw(event)
                if event["type"] == "run_finished":
                    break
        run = _final_run(run_id, connection)
    except KeyboardInterrupt:
        screen.message(f"No longer following; the run goes on. {_how_to_go_on(run_id)}")
        return INTERRUPTED_BY_USER
    if not screen.as_json:
        show_outcome(run, screen)
    return exit_code_of(run)


def _drawing(screen: Screen, *, with_output: bool) -> Drawing:
    if screen.as_json:
        return RecordDrawing(screen)
    if not screen.is_live:
        return PlainDrawing(screen, with_output=with_output)
    from octeth_backupd.cli.ctl.bar import BarDrawing  # rich is slow to import

    return BarDrawing(screen, with_output=with_output)


def _final_run(run_id: str, connection: Connection) -> Json:
    """Return a run whose stream has ended; only the daemon's stop ends one before the run is over."""
    run: Json = connection.get(f"/v1/runs/{quoted(run_id)}")["run"]
    if run["status"] in {"queued", "running"}:
        raise CommandFailedError(
            f"the daemon stopped telling of run {run_id} before it was over",
            hint=_how_to_go_on(run_id),
            code="unavailable",
            exit_code=UNAVAILABLE,
        )
    return run


def _how_to_go_on(run_id: str) -> str:
    return f"Watch it: octeth-backupctl watch {run_id}  End it: octeth-backupctl cancel {run_id}"
