"""How the uploads to a storage backend stand, drawn for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.wording import moment, next_moment, rate, size

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen


def show_uploads(uploads: Json, screen: Screen) -> None:
    """Show what waits for a remote storage backend, why, and what is on its way."""
    screen.line()
    where = "storage" if uploads["configured"] else "storage, not configured any more"
    screen.line(f"{uploads['storage']} ({where})", style="bold")
    count = uploads["pending_copies"]
    if not count:
        screen.pairs([("uploads", "nothing waits")], indent="  ")
        return
    copies = "1 copy" if count == 1 else f"{count} copies"
    since = moment(uploads["pending_since"])
    pairs = [("not there yet", f"{copies}, {size(uploads['pending_bytes'])}, since {since}")]
    pairs += [("uploading", _running(running)) for running in uploads["uploading"]]
    if uploads["last_error"]:
        pairs.append(("! last error", f"{uploads['last_error']}, {moment(uploads['last_error_at'])}"))
    if uploads["next_try_at"] is not None:
        pairs.append(("next try", next_moment(uploads["next_try_at"])))
    screen.pairs(pairs, indent="  ")
    if not uploads["configured"]:
        text = "nothing is uploaded there until it is configured again"
        screen.line(f"  {screen.symbols['failed']} {text}", style="red")


def _running(running: Json) -> str:
    text = f"{running['backup_id']}, {size(running['done_bytes'])} of {size(running['total_bytes'])}"
    speed = running["rate_bytes_per_second"]
    return f"{text}, {rate(speed)}" if speed > 0 else text
