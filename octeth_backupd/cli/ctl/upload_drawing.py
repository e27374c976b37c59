"""How the uploads to a storage backend stand, drawn for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.progress_drawing import progress_words
from octeth_backupd.cli.ctl.wording import about, about_since, about_until, counted, parse_time, size
from octeth_backupd.cli.ctl.wrapping import NAME_WIDTH, Entry, show_entries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen


def show_uploads(uploads: Sequence[Json], screen: Screen, *, now: datetime, in_problems: frozenset[str]) -> None:
    """Show what waits for remote storage backends, why, and what is on its way; nothing where nothing waits.

    Args:
        uploads: As the status has them.
        screen: Where.
        now: The time.
        in_problems: Storage backends of which a problem says already why copies wait.
    """
    waiting = [one for one in uploads if one["pending_copies"]]
    if not waiting:
        return
    screen.line()
    screen.line("uploads", style="bold")
    entries = [entry for one in waiting for entry in _entries(one, screen, now, is_told=one["storage"] in in_problems)]
    show_entries(entries, screen, indent=2, name_width=NAME_WIDTH)


def _entries(uploads: Json, screen: Screen, now: datetime, *, is_told: bool) -> list[Entry]:
    text = "see above"
    if not is_told:
        waited = about((now - parse_time(uploads["pending_since"])).total_seconds())
        text = f"{counted(uploads['pending_copies'], 'copy')} not there yet, {size(uploads['pending_bytes'])}, "
        text += f"for {waited}"
    if uploads["next_try_at"] is not None:
        text += f"; next try {about_until(uploads['next_try_at'], now=now)}"
    entries = [Entry(name=uploads["storage"], text=text, style="yellow")]
    for running in uploads["uploading"]:
        entries.append(Entry(name="", text=f"now: {running['backup_id']}"))
        entries.append(Entry(name="", text=progress_words(running, screen, room=screen.width - NAME_WIDTH - 2)))
    if uploads["last_error"] and not is_told:
        tried = about_since(uploads["last_error_at"], now=now)
        entries.append(Entry(name="", text=f"the last try, {tried}: {uploads['last_error']}", style="yellow"))
    if not uploads["configured"] and not is_told:
        words = "not configured any more: nothing is uploaded there until it is again"
        entries.append(Entry(name="", text=words, style="red"))
    return entries
