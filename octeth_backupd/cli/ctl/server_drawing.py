"""How one server's backups stand, drawn for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.progress_drawing import progress_words
from octeth_backupd.cli.ctl.stock_drawing import show_stock
from octeth_backupd.cli.ctl.wording import (
    about,
    about_since,
    about_until,
    counted,
    listed,
    parse_time,
    short_time,
    size,
)
from octeth_backupd.cli.ctl.wrapping import NAME_WIDTH, Entry, show_entries

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_KEPT = {"committed": "data from before", "rolled_back": "data that did not pass in"}
"""State of a restore that has ended → what its safety copy is."""

_PROVEN = {
    None: "not verified",
    "L0a": "stored, not read back",
    "L0b": "read back",
    "L3": "verified on a running server",
    "L4": "verified on a running server",
}
"""Level of a proof → what is said of the backup; of every other, that it is verified."""


def show_server(
    server: Json,
    restores: list[Json],
    running: Mapping[str, Json],
    screen: Screen,
    *,
    now: datetime,
    keys: frozenset[str],
) -> None:
    """Show how a server's backups stand.

    Args:
        server: As the status has it.
        restores: Its restores that an operator should know of.
        running: Id of a run that goes on → it with its progress.
        screen: Where.
        now: The time.
        keys: Of the problems that are shown.
    """
    screen.line()
    screen.line(f"{server['name']} ({server['placement']})", style="bold")
    entries = [
        *_good_entries(server["last_good_backup"], server["foreign_good_backups"], server["name"]),
        *_last_entries(server, now, keys),
        *_active_entries(server, running, screen, now),
        _due_entry(server, now),
        _retention_entry(server["retention"], server["name"], now, keys),
        *restore_entries(restores, now=now, keys=keys),
    ]
    show_entries(entries, screen, indent=2, name_width=NAME_WIDTH)
    show_stock(server["copies"], screen, indent=2, name_width=NAME_WIDTH)


def restore_entries(restores: list[Json], *, now: datetime, keys: frozenset[str]) -> list[Entry]:
    """Return what is to be said of restores that are not over, and of the safety copies of those that are."""
    entries = []
    for restore in restores:
        if restore["is_open"]:
            text = "is not finished, see above"
            if f"restore:{restore['id']}" not in keys:
                since = short_time(restore["state_since"])
                text = f"{restore['id']} is not finished: {restore['state']} since {since}"
            entries.append(Entry(name=restore["operation"], text=text, style="yellow"))
        if restore["safety_copy"]:
            until = "until it is decided"
            if restore["expires_at"] is not None:
                until = f"until {short_time(restore['expires_at'])} ({about_until(restore['expires_at'], now=now)})"
            what = _KEPT.get(restore["state"], "kept of")
            text = f"{size(restore['safety_copy_bytes'])} {until}, {what} {restore['id']}"
            entries.append(Entry(name="safety copy", text="\n".join([text, *restore["safety_copy"]])))
    return entries


def _good_entries(good: Json | None, foreign: Json | None, server: str) -> list[Entry]:
    if good is None:
        text = f"none yet; take one now: octeth-backupctl backup --server {server}"
        entries = [Entry(name="last good", text=text, style="yellow")]
        return entries if foreign is None else [*entries, _foreign_entry(foreign)]
    age, proven = about(good["age_seconds"]), _PROVEN.get(good["proof"], "verified")
    text = f"{age} ago, {proven}, {size(good['size_bytes'])} in {listed(good['storages'])}"
    return [Entry(name="last good", text=f"{text}\n{good['id']}, {short_time(good['taken_at'])}")]


def _foreign_entry(foreign: Json) -> Entry:
    of_others = f"{counted(foreign['count'], 'good backup')} of other installations"
    taken = foreign["latest_id"] or "none, of several installations"
    return Entry(name="foreign", text=f"{of_others}; restore latest would take {taken}")


def _last_entries(server: Json, now: datetime, keys: frozenset[str]) -> list[Entry]:
    """Return how the last run ended; nothing where the last good backup or a problem says it."""
    run = server["last_run"]
    if run is None:
        return []
    is_backup, status = run["operation"] == "backup", run["status"]
    is_told = any(key.startswith(f"failing:{run['operation']}:{server['name']}/") for key in keys)
    good = server["last_good_backup"]
    # Of a backup that is good and did not get everywhere, it is shown below what waits.
    is_told = is_told or (status == "degraded" and good is not None and good["id"] == run["backup_id"])
    if is_told or (is_backup and status == "success"):
        return []
    text = f"{run['operation']}: {status}, {about_since(run['finished_at'], now=now)}"
    words = run["error"] or run["detail"].get("outcome")
    style = "yellow" if status != "success" else ""
    return [Entry(name="last run", text=f"{text}: {words}" if words else text, style=style)]


def _active_entries(server: Json, running: Mapping[str, Json], screen: Screen, now: datetime) -> list[Entry]:
    entries = []
    if server["active_run"] is not None:
        detail = running[server["active_run"]["id"]]
        run = detail["run"]
        text = f"{run['operation']}, {'step ' + run['step'] if run['step'] else run['status']}"
        if run["started_at"] is not None:
            text += f", for {about((now - parse_time(run['started_at'])).total_seconds())}"
        lines = [f"{text}, run {run['id']}"]
        if detail["progress"] is not None:
            lines.append(progress_words(detail["progress"], screen, room=screen.width - NAME_WIDTH - 2))
        entries.append(Entry(name="now", text="\n".join(lines), style="bold"))
    if server["queued_runs"]:
        entries.append(Entry(name="queued", text=", ".join(run["id"] for run in server["queued_runs"])))
    return entries


def _due_entry(server: Json, now: datetime) -> Entry:
    paused = server["paused_schedules"]
    held = f"{listed(paused)} {'is' if len(paused) == 1 else 'are'} paused" if paused else ""
    if server["next_due"] is None:
        return Entry(name="next due", text=f"nothing, {held or 'no schedule says when'}", style="yellow")
    text = f"{about_until(server['next_due'], now=now)}, {short_time(server['next_due'])}"
    return Entry(name="next due", text=f"{text}; {held}" if held else text, style="yellow" if held else "")


def _retention_entry(retention: Json, server: str, now: datetime, keys: frozenset[str]) -> Entry:
    held = ["waits, see above"] if retention["waits_for"] else []
    held += [f"held: {_hold_words(hold, keys)}" for hold in retention["holds"]]
    if held:
        return Entry(name="retention", text="\n".join(dict.fromkeys(held)), style="yellow")
    last = retention["last_run"]
    if last is None:
        return Entry(name="retention", text="not held")
    if any(key.startswith(f"failing:retention:{server}/") for key in keys):
        return Entry(name="retention", text="fails, see above", style="yellow")
    words = last["error"] or last["detail"].get("outcome") or last["status"]
    style = "" if last["status"] == "success" else "yellow"
    return Entry(name="retention", text=f"not held, {about_since(last['finished_at'], now=now)}: {words}", style=style)


def _hold_words(hold: Json, keys: frozenset[str]) -> str:
    if f"hold:{hold['hold_id']}" in keys:
        return "see above"
    about_it = f" ({hold['backup_id']})" if hold["backup_id"] else ""
    return f"{counted(len(hold['protected']), 'backup')}, {hold['reason']}{about_it}"
