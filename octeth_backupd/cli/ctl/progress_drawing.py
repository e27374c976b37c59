"""How far something is at one moment; what goes on moving is ``bar``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.cli.ctl.drawing import progress_text

if TYPE_CHECKING:
    from octeth_backupd.cli.ctl.connection import Json
    from octeth_backupd.cli.ctl.screen import Screen

_BAR = 20


def progress_words(progress: Json, screen: Screen, *, room: int) -> str:
    """Return bytes, share, rate and time left; on a terminal with a bar, above them where the room is too narrow."""
    text = progress_text(progress)
    total = progress["total_bytes"]
    if not screen.is_live or not total:
        return text
    filled = min(_BAR, progress["done_bytes"] * _BAR // total)
    bar = f"[{'#' * filled}{'.' * (_BAR - filled)}]"
    return f"{bar} {text}" if len(bar) + 1 + len(text) <= room else f"{bar}\n{text}"
