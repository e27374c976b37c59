"""Let the restored directories and the server's own change places, and back.

Every function looks at the directories as they are and does what is missing, so that it can be repeated after a crash
at any system call; the server does not run meanwhile, nor in between. An exchange is one system call, and the inodes
in the journal say on which side of it things are. ``entries_swap`` does it by entries.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.swap import Swap, SwapMethod
from octeth_backupd.errors import RestoreError
from octeth_backupd.pipeline.restore import entries_swap
from octeth_backupd.process.exchange import exchange, move, sync_directories
from octeth_backupd.process.files import make_directory, remove_tree, sync_directory, translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_ROOM_MODE = 0o711
"""A server that is tried out on the staged files as its own user must get through; only root may look around."""


def make_rooms(swaps: Sequence[Swap]) -> None:
    """Make the directories that the restored files are staged in.

    Raises:
        StorageError: One cannot be made.
        SpaceError: The file system is full.
    """
    for swap in swaps:
        make_directory(swap.room.parent)
        make_directory(swap.room, _ROOM_MODE)
        make_directory(swap.incoming)
        if swap.method is SwapMethod.ENTRIES:
            make_directory(swap.aside)
            with translated_os_errors(swap.aside):
                like = swap.live.stat()
                os.chown(swap.aside, like.st_uid, like.st_gid)
                swap.aside.chmod(like.st_mode & 0o7777)


def measured(swap: Swap) -> Swap:
    """Return the swap with what tells afterwards whether it has happened; to be journaled before ``swap_in``.

    Raises:
        RestoreError: Nothing is staged.
    """
    if swap.method is SwapMethod.ENTRIES:
        return swap
    incoming = _inode(swap.incoming)
    if not incoming:
        raise RestoreError(f"nothing is staged in {swap.incoming}")
    return replace(swap, live_inode=_inode(swap.live), incoming_inode=incoming)


def is_swapped(swap: Swap) -> bool:
    """Return whether the restored files, all of them, are in the server's place."""
    if swap.method is SwapMethod.ENTRIES:
        return entries_swap.is_in(swap)
    return bool(swap.incoming_inode) and _inode(swap.live) == swap.incoming_inode


def are_back(swaps: Sequence[Swap]) -> bool:
    """Return whether the server's own files, all of them, are in its place: nothing is to be moved any more."""
    return all(
        not entries_swap.has_begun(swap) if swap.method is SwapMethod.ENTRIES else _inode(swap.live) == swap.live_inode
        for swap in swaps
    )


def swap_in(swaps: Sequence[Swap]) -> None:
    """Put the restored files into the server's place and set its own aside.

    Args:
        swaps: Measured, as journaled.

    Raises:
        RestoreError: A directory is not the one that was measured; ``swap_back`` is what remains.
        StorageError: The file system refused.
    """
    for swap in swaps:
        if swap.method is SwapMethod.ENTRIES:
            entries_swap.move_in(swap)
        else:
            _exchange_in(swap)


def swap_back(swaps: Sequence[Swap]) -> None:
    """Put the server's own files back, and what the server made of the restored ones where those were staged.

    Args:
        swaps: As ``swap_in`` had them; nothing happens to those that it did not come to.

    Raises:
        RestoreError: A directory is neither the server's own nor the restored one.
        StorageError: The file system refused.
    """
    for swap in reversed(swaps):
        if swap.method is SwapMethod.ENTRIES:
            entries_swap.move_back(swap)
        else:
            _exchange_back(swap)


def remove_rooms(swaps: Sequence[Swap]) -> None:
    """Remove what a restore staged or set aside; the server's place is not touched.

    A room first loses its name, in one step: what is removed in part is never taken for a safety copy.

    Raises:
        RestoreError: A swap by entries is half done: its room holds files of the server.
        StorageError: It cannot be removed.
    """
    for swap in swaps:
        doomed = swap.room.with_name(f"{swap.room.name}.removed")
        remove_tree(doomed, beneath=swap.room.parent)
        if not os.path.lexists(swap.room):
            continue
        if swap.method is SwapMethod.ENTRIES and entries_swap.is_half_done(swap):
            raise RestoreError(
                f"{swap.room} is not removed: it holds files that belong into {swap.live}",
                hint="The restore that made it has to be resolved first; restart octeth-backupd.",
            )
        move(swap.room, doomed)
        sync_directory(swap.room.parent)
        remove_tree(doomed, beneath=swap.room.parent)


def adopt_aside(old: Swap, new: Swap) -> None:
    """Stage for one restore what another one has set aside: the begin of an undo. ``give_back`` reverts it.

    Args:
        old: Of the restore that is being undone; it is swapped.
        new: Its room has been made.

    Raises:
        RestoreError: What was set aside is gone.
        StorageError: The file system refused.
    """
    _hand_over(old.aside, new.incoming, f"the data that was set aside in {old.aside} is not there any more")


def give_back(old: Swap, new: Swap) -> None:
    """Revert ``adopt_aside`` after an undo that did not go through; nothing happens when it had not been adopted.

    Args:
        old: As it was adopted from.
        new: Not swapped, or swapped back.

    Raises:
        RestoreError: The data is in neither place.
        StorageError: The file system refused.
    """
    if os.path.lexists(old.aside):
        return
    _hand_over(new.incoming, old.aside, f"the data that was set aside in {old.aside} is not in {new.incoming} either")


def _hand_over(source: Path, target: Path, gone: str) -> None:
    with translated_os_errors(source):
        if not source.is_dir():
            if target.is_dir() and any(target.iterdir()):
                return
            raise RestoreError(gone)
        source.rename(target)  # an empty directory of that name is replaced, a full one is an error
    sync_directories(source.parent, target.parent)


def _exchange_in(swap: Swap) -> None:
    live, incoming = _inode(swap.live), _inode(swap.incoming)
    if not swap.incoming_inode:
        raise RestoreError(f"the swap of {swap.live} was not measured")
    if live != swap.incoming_inode:
        if incoming != swap.incoming_inode:
            raise RestoreError(f"{swap.incoming} is not what was staged there")
        if swap.live_inode and live == swap.live_inode:
            exchange(swap.live, swap.incoming)
        elif not swap.live_inode and not _holds_anything(swap.live):
            if live:
                with translated_os_errors(swap.live):
                    swap.live.rmdir()
            move(swap.incoming, swap.live)
        else:
            raise RestoreError(f"{swap.live} is not the directory that it was when the restore began")
    sync_directories(swap.live.parent, swap.room)


def _exchange_back(swap: Swap) -> None:
    if not swap.incoming_inode:
        return
    live, incoming = _inode(swap.live), _inode(swap.incoming)
    if live == swap.incoming_inode:
        if swap.live_inode and incoming == swap.live_inode:
            exchange(swap.live, swap.incoming)
        elif not swap.live_inode and not incoming:
            move(swap.live, swap.incoming)
        else:
            raise RestoreError(f"the data from before the restore is not in {swap.aside}; {swap.live} is left as it is")
    elif live != swap.live_inode and incoming != swap.incoming_inode:
        raise RestoreError(f"{swap.live} is neither the directory from before the restore nor the restored one")
    sync_directories(swap.live.parent, swap.room)


def _inode(path: Path) -> int:
    """Return the inode of a directory, 0 when nothing is there."""
    with translated_os_errors(path):
        try:
            return path.lstat().st_ino
        except FileNotFoundError:
            return 0


def _holds_anything(path: Path) -> bool:
    return os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir()))
