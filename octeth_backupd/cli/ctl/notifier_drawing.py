"""How a notifier stands, drawn for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import about_since, listed, moment, parse_time
from octeth_backupd.cli.ctl.wrapping import Entry, show_entries, show_wrapped

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_STYLES = {"ok": "green", "failing": "red", "unused": "yellow"}
_WORDS = {"ok": "gets through", "failing": "does not get through", "unused": "nothing was sent yet"}


def show_notifier(notifier: Json, screen: Screen, *, now: datetime) -> None:
    """Show a notifier with what waits for it, and why."""
    state = notifier["state"]
    words = _WORDS.get(state, state)
    title = f"{notifier['name']} ({notifier['kind']}, {notifier['endpoint']}): {words}"
    show_wrapped(title, screen, hang=2, style=_STYLES.get(state, ""))
    pairs = [("tells of", ", ".join(notifier["on"]))]
    if notifier["last_sent_at"] is not None:
        pairs.append(("last sent", moment(notifier["last_sent_at"])))
    if notifier["waiting"]:
        pairs.append(("waiting", f"{notifier['waiting']}, since {moment(notifier['waiting_since'])}"))
    if notifier["last_error"]:
        pairs += [
            ("! last error", f"{notifier['last_error']}, {moment(notifier['last_failed_at'])}"),
            ("next try", _next_try(notifier["next_try_at"], now=now)),
        ]
    if notifier["given_up"]:
        pairs.append(("! given up", f"{notifier['given_up']} in the last 90 days"))
    show_entries([Entry(name=name, text=text) for name, text in pairs], screen, indent=2)


def _next_try(text: str, *, now: datetime) -> str:
    return "being tried now" if parse_time(text) <= now else moment(text, now=now)


def notifier_entry(notifiers: list[Json], *, now: datetime) -> Entry:
    """Return how the notifiers stand, for ``status``, where a warning or problem says why one does not get through."""
    if not notifiers:
        return Entry(name="notifiers", text="none: nobody is told when a backup fails", style="yellow")
    failing = [one["name"] for one in notifiers if one["state"] == "failing"]
    last = max((one["last_sent_at"] for one in notifiers if one["last_sent_at"]), default=None, key=parse_time)
    text = listed([one["name"] for one in notifiers])
    text += ", nothing was sent yet" if last is None else f", last notice {about_since(last, now=now)}"
    if failing:
        do = "does" if len(failing) == 1 else "do"
        text += f"; {listed(failing)} {do} not get through, see above"
    return Entry(name="notifiers", text=text, style="yellow" if failing else "")
