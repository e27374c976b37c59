"""``status``: does the daemon run, how do backups and uploads stand, what comes next, what did restores leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.commands.retention import hold_words
from octeth_backupd.cli.ctl.exit_codes import OK
from octeth_backupd.cli.ctl.notifier_drawing import show_notifiers
from octeth_backupd.cli.ctl.problem_drawing import show_problems
from octeth_backupd.cli.ctl.upload_drawing import show_uploads
from octeth_backupd.cli.ctl.wording import duration, moment, rate, size

if TYPE_CHECKING:
    import argparse

    from octeth_backupd.cli.ctl.connection import Connection, Json
    from octeth_backupd.cli.ctl.screen import Screen

_KEPT = {"committed": "data from before", "rolled_back": "data that did not pass in"}
"""State of a restore that has ended → what its safety copy is."""


class StatusCommand:
    """See Command."""

    name = "status"
    summary = "how the daemon and each server's backups stand"
    description = (
        "Show whether the daemon runs, the newest good backup of each server, what comes next, copies that are not "
        "uploaded yet, and restores that are not finished or whose safety copy is still there."
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
        _show_daemon(status, screen)
        show_problems(status["problems"], screen)
        for server in status["servers"]:
            screen.line()
            screen.line(f"{server['name']} ({server['placement']})", style="bold")
            mine = [restore for restore in restores if restore["server"] == server["name"]]
            screen.pairs([*_server_pairs(server, connection), *_restore_pairs(mine)], indent="  ")
        _show_others(status, restores, screen)
        for uploads in status["uploads"]:
            show_uploads(uploads, screen)
        show_notifiers(status["notifiers"], screen)
        return OK


def _show_daemon(status: Json, screen: Screen) -> None:
    screen.line(f"octeth-backupd {status['version']} {status['state']}", style="bold")
    screen.pairs(
        [
            ("started", f"{moment(status['started_at'])}, pid {status['pid']}"),
            ("configuration", status["config_path"]),
            ("installation", status["installation_id"]),
        ],
        indent="  ",
    )
    if status["configuration_error"]:
        screen.line(f"! the last reload was refused: {status['configuration_error']}", style="yellow")
    if not status["scheduler_alive"]:
        text = "the scheduler has ended: nothing will be backed up until the daemon is restarted"
        screen.line(f"{screen.symbols['failed']} {text}", style="red")
    for warning in status["warnings"]:
        screen.line(f"! {warning}", style="yellow")


def _server_pairs(server: Json, connection: Connection) -> list[tuple[str, str]]:
    good, last, active = server["last_good_backup"], server["last_run"], server["active_run"]
    pairs = [
        ("last good backup", "none" if good is None else f"{good['id']}, taken {moment(good['taken_at'])}"),
        ("last run", "none" if last is None else _ended_run(last)),
    ]
    if active is not None:
        pairs.append(("now", _active_run(active["id"], connection)))
    if server["queued_runs"]:
        pairs.append(("queued", ", ".join(run["id"] for run in server["queued_runs"])))
    pairs.append(("next due", moment(server["next_due"], missing="nothing is scheduled")))
    return pairs + _retention_pairs(server["retention"])


def _retention_pairs(retention: Json) -> list[tuple[str, str]]:
    pairs = [("! held", hold_words(hold)) for hold in retention["holds"]]
    last = retention["last_run"]
    if retention["waits_for"]:
        return [*pairs, ("! retention", retention["waits_for"])]
    return pairs if last is None else [*pairs, ("retention", _ended_run(last).removeprefix("retention "))]


def _restore_pairs(restores: list[Json]) -> list[tuple[str, str]]:
    pairs = []
    for restore in restores:
        if restore["is_open"]:
            text = f"{restore['id']} is not finished: {restore['state']} since {moment(restore['state_since'])}"
            pairs.append((f"! {restore['operation']}", text))
        if restore["safety_copy"]:
            text = (
                f"{size(restore['safety_copy_bytes'])}, {_KEPT.get(restore['state'], 'kept')} {restore['id']}, until "
            )
            text += moment(restore["expires_at"], missing="not yet decided")
            pairs += [("safety copy", text), *[("", path) for path in restore["safety_copy"]]]
    return pairs


def _show_others(status: Json, restores: list[Json], screen: Screen) -> None:
    """Show the restores of servers that are not configured any more: what they left still takes up room."""
    configured = {server["name"] for server in status["servers"]}
    for name in sorted({restore["server"] for restore in restores} - configured):
        screen.line()
        screen.line(f"{name} (not configured)", style="bold")
        screen.pairs(_restore_pairs([one for one in restores if one["server"] == name]), indent="  ")


def _ended_run(run: Json) -> str:
    text = f"{run['operation']} {run['status']}, {moment(run['finished_at'])}"
    words = run["error"] or run["detail"].get("outcome")
    return f"{text}: {words}" if words else text


def _active_run(run_id: str, connection: Connection) -> str:
    detail = connection.get(f"/v1/runs/{run_id}")
    run, progress = detail["run"], detail["progress"]
    text = f"{run['operation']} {run['id']}: {run['step'] or run['status']}"
    if progress is None:
        return text
    text += f", {size(progress['done_bytes'])}"
    if progress["total_bytes"]:
        text += f" of {size(progress['total_bytes'])}"
    speed = progress["rate_bytes_per_second"]
    left = progress["total_bytes"] - progress["done_bytes"]
    if speed > 0:
        text += f", {rate(speed)}" + (f", {duration(left / speed)} left" if left > 0 else "")
    return text
