"""How a notifier stands, drawn for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import moment

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_STYLES = {"ok": "green", "failing": "red", "unused": "yellow"}
_WORDS = {"ok": "gets through", "failing": "does not get through", "unused": "nothing was sent yet"}


def show_notifier(notifier: Json, screen: Screen) -> None:
    """Show a notifier with what waits for it, and why."""
    state = notifier["state"]
    words = _WORDS.get(state, state)
    screen.line(
        f"{notifier['name']} ({notifier['kind']}, {notifier['endpoint']}): {words}", style=_STYLES.get(state, "")
    )
    pairs = [("tells of", ", ".join(notifier["on"]))]
    if notifier["last_sent_at"] is not None:
        pairs.append(("last sent", moment(notifier["last_sent_at"])))
    if notifier["waiting"]:
        pairs.append(("waiting", f"{notifier['waiting']}, since {moment(notifier['waiting_since'])}"))
    if notifier["last_error"]:
        pairs += [
            ("! last error", f"{notifier['last_error']}, {moment(notifier['last_failed_at'])}"),
            ("next try", moment(notifier["next_try_at"])),
        ]
    if notifier["given_up"]:
        pairs.append(("! given up", f"{notifier['given_up']} in the last 90 days"))
    screen.pairs(pairs, indent="  ")


def show_notifiers(notifiers: list[Json], screen: Screen) -> None:
    """Show on one line each how the notifiers stand, for ``status``."""
    if not notifiers:
        return
    screen.line()
    screen.line("notifiers", style="bold")
    screen.pairs([(one["name"], _summary(one)) for one in notifiers], indent="  ")


def _summary(notifier: Json) -> str:
    text = f"{notifier['kind']}, {_WORDS.get(notifier['state'], notifier['state'])}"
    if notifier["state"] == "failing":
        return f"{text}: {notifier['waiting']} waiting, {notifier['last_error']}"
    if notifier["last_sent_at"] is None:
        return text
    return f"{text}, last {moment(notifier['last_sent_at'])}"
