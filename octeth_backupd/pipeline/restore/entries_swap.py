"""Swap a directory that cannot itself be renamed: its entries move, one by one, through the room inside it.

Before the first move the names of the server's own entries are written to ``swap.record``. From then on, until
``move_back`` is through and removes it, every state on the disk can be read::

    an entry of live is from before the swap  ⇔  the record names it and aside has none of that name
    every other entry that the swap concerns  →  belongs to the restored data, also when the server made it since

Names never meet: nothing moves into ``live`` before all of the other kind have left it.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from octeth_backupd.errors import RestoreError
from octeth_backupd.process.exchange import move, sync_directories
from octeth_backupd.process.files import make_directory, sync_directory, translated_os_errors, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from octeth_backupd.domain.restore.swap import Swap


def move_in(swap: Swap) -> None:
    """Set the entries of ``live`` aside and move the staged ones in.

    Raises:
        RestoreError: Nothing is staged, or what was set aside is gone.
        StorageError: The file system refused.
    """
    recorded = _recorded(swap)
    if recorded is None:
        recorded = _begin(swap)
    _require_aside(swap)
    for name in recorded:
        if not _is_there(swap.aside / name) and _is_there(swap.live / name):
            move(swap.live / name, swap.aside / name)
    sync_directories(swap.live, swap.aside)
    if any(not _is_there(swap.aside / name) for name in recorded):
        # Somebody removed an entry: its name must not stand for one that is moved in.
        _record(swap, _names(swap.aside))
    for name in _concerned(swap, swap.incoming):
        move(swap.incoming / name, swap.live / name)
    sync_directories(swap.incoming, swap.live)


def move_back(swap: Swap) -> None:
    """Move what belongs to the restored data to where it was staged, and the entries from before back in.

    Raises:
        RestoreError: What was set aside is gone.
        StorageError: The file system refused.
    """
    recorded = _recorded(swap)
    if recorded is None:
        return
    _require_aside(swap)
    make_directory(swap.incoming)
    for name in _concerned(swap, swap.live):
        if name not in recorded or _is_there(swap.aside / name):
            move(swap.live / name, swap.incoming / name)
    sync_directories(swap.live, swap.incoming)
    for name in _names(swap.aside):
        move(swap.aside / name, swap.live / name)
    sync_directories(swap.aside, swap.live)
    with translated_os_errors(swap.record):
        swap.record.unlink()
    sync_directory(swap.room)


def has_begun(swap: Swap) -> bool:
    """Return whether entries may have left their places, and are not all back."""
    return _recorded(swap) is not None


def is_in(swap: Swap) -> bool:
    """Return whether all entries from before are aside and all staged ones in."""
    recorded = _recorded(swap)
    if recorded is None or _concerned(swap, swap.incoming):
        return False
    return all(_is_there(swap.aside / name) for name in recorded)


def is_half_done(swap: Swap) -> bool:
    """Return whether entries from before, or staged ones, are in both places."""
    if _recorded(swap) is None or not swap.aside.is_dir():
        return False
    return not is_in(swap)


def _begin(swap: Swap) -> frozenset[str]:
    if not swap.incoming.is_dir():
        raise RestoreError(f"nothing is staged in {swap.incoming}")
    if _names(swap.aside):
        raise RestoreError(f"{swap.aside} holds files although the swap has not begun")
    return _record(swap, _concerned(swap, swap.live))


def _record(swap: Swap, names: Iterable[str]) -> frozenset[str]:
    recorded = frozenset(names)
    write_whole(swap.record, json.dumps({"format_version": 1, "from_before": sorted(recorded)}), replace=True)
    return recorded


def _recorded(swap: Swap) -> frozenset[str] | None:
    with translated_os_errors(swap.record):
        try:
            content = swap.record.read_text()
        except FileNotFoundError:
            return None
    try:
        return frozenset(json.loads(content)["from_before"])
    except (ValueError, KeyError, TypeError) as exc:
        raise RestoreError(f"{swap.record} cannot be read; {swap.live} is left as it is") from exc


def _require_aside(swap: Swap) -> None:
    if not swap.aside.is_dir():
        raise RestoreError(f"the data that was set aside in {swap.aside} is not there; {swap.live} is left as it is")


def _concerned(swap: Swap, directory: Path) -> list[str]:
    return [name for name in _names(directory) if swap.concerns(name)]


def _names(directory: Path) -> list[str]:
    with translated_os_errors(directory):
        try:
            return sorted(entry.name for entry in directory.iterdir())
        except FileNotFoundError:
            return []


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)
