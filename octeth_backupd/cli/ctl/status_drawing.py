"""The whole installation on one screen: what is wrong and what to do first, then each server, then the rest.

Nothing is said twice: what a problem tells, the lines of servers, storage backends and notifiers only refer to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.headline import headline
from octeth_backupd.cli.ctl.notifier_drawing import notifier_entry
from octeth_backupd.cli.ctl.problem_drawing import show_problems
from octeth_backupd.cli.ctl.server_drawing import restore_entries, show_server
from octeth_backupd.cli.ctl.upload_drawing import show_uploads
from octeth_backupd.cli.ctl.wording import about, parse_time
from octeth_backupd.cli.ctl.wrapping import NAME_WIDTH, Entry, show_entries, show_wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_CONFIGURATION = "configuration:file"
"""Key of the problem that tells of a refused reload as well."""


def show_status(
    status: Json, restores: list[Json], running: Mapping[str, Json], screen: Screen, *, now: datetime
) -> None:
    """Draw it.

    Args:
        status: The daemon's.
        restores: Those that an operator should know of.
        running: Id of a run that goes on → it with its progress.
        screen: Where.
        now: The time.
    """
    problems = status["problems"]
    keys = frozenset(problem["key"] for problem in problems)
    errors, warnings = _errors(status), _warnings(status)
    head = headline(status, errors=len(errors), warnings=len(warnings))
    show_wrapped(head.text, screen, style=head.style)
    if errors:
        screen.line()
    for text in errors:
        show_wrapped(f"{screen.symbols['failed']} {text}", screen, hang=2, style="red")
    show_problems(problems, screen, now=now)
    if warnings:
        screen.line()
    for text in warnings:
        show_wrapped(f"! {text}", screen, hang=2, style="yellow")
    for server in status["servers"]:
        mine = [restore for restore in restores if restore["server"] == server["name"]]
        show_server(server, mine, running, screen, now=now, keys=keys)
    _show_others(status, restores, screen, now=now, keys=keys)
    show_uploads(status["uploads"], screen, now=now, in_problems=_storages(keys))
    screen.line()
    show_entries(_installation(status, now), screen, name_width=NAME_WIDTH + 2)


def _errors(status: Json) -> list[str]:
    if status["scheduler_alive"]:
        return []
    return ["the scheduler has ended: nothing will be backed up until the daemon is restarted"]


def _warnings(status: Json) -> list[str]:
    """Return what is to be looked at beside the problems, each once."""
    found = []
    if status["configuration_error"] and not any(one["key"] == _CONFIGURATION for one in status["problems"]):
        found.append(f"the last reload was refused: {status['configuration_error']}")
    if status["state"] == "stopping":
        found.append("the daemon is stopping: nothing is begun any more")
    found += [text for text in status["warnings"] if text not in status["warnings_in_problems"]]
    # It is one for all servers.
    found += [f"retention waits: {server['retention']['waits_for']}" for server in _waiting(status)]
    return list(dict.fromkeys(found))


def _waiting(status: Json) -> list[Json]:
    return [server for server in status["servers"] if server["retention"]["waits_for"]]


def _show_others(status: Json, restores: list[Json], screen: Screen, *, now: datetime, keys: frozenset[str]) -> None:
    """Show the restores of servers that are not configured any more: what they left still takes up room."""
    configured = {server["name"] for server in status["servers"]}
    for name in sorted({restore["server"] for restore in restores} - configured):
        screen.line()
        screen.line(f"{name} (not configured)", style="bold")
        entries = restore_entries([one for one in restores if one["server"] == name], now=now, keys=keys)
        show_entries(entries, screen, indent=2, name_width=NAME_WIDTH)


def _installation(status: Json, now: datetime) -> list[Entry]:
    running = about((now - parse_time(status["started_at"])).total_seconds())
    return [
        notifier_entry(status["notifiers"], now=now),
        Entry(name="daemon", text=f"{status['version']}, {status['state']} for {running}, pid {status['pid']}"),
        Entry(name="settings", text=status["config_path"]),
        Entry(name="this is", text=f"installation {status['installation_id']}"),
    ]


def _storages(keys: frozenset[str]) -> frozenset[str]:
    """Return the storage backends of which a problem says why copies wait."""
    prefix = "storage:"
    return frozenset(key.removeprefix(prefix).partition("/")[0] for key in keys if key.startswith(prefix))
