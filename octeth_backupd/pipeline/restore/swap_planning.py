"""Choose how the directories of a server change places in a restore; only a trial with empty directories is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.binlog_index import binlog_names
from octeth_backupd.domain.restore.swap import Swap, SwapMethod, binlog_pattern, room_name
from octeth_backupd.domain.server import Vendor, Version
from octeth_backupd.errors import RestoreRefusedError
from octeth_backupd.process.exchange import can_exchange, is_mount_point
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.restore.site import Site

HIDDEN_DIRECTORIES_SKIPPED_SINCE = Version(major=8, minor=0, patch=18)


def plan_swaps(site: Site, run_id: str) -> tuple[tuple[Swap, ...], str]:
    """Return what changes places, the data directory first, and what the trial exchange showed, in words.

    Raises:
        RestoreRefusedError: The server's directories are laid out in a way that cannot be swapped safely.
        StorageError: The place is read-only, or not there at all.
        SpaceError: The file system is full.
    """
    with translated_os_errors(site.data_directory):
        data = site.data_directory.resolve()
        obstacle = _obstacle(data)
    if obstacle:
        _require_room_within(site, data, obstacle)
        swap = Swap(role="data", live=data, room=data / room_name(run_id), method=SwapMethod.ENTRIES)
        words = f"{data} {obstacle}: its entries are renamed one by one, through {swap.room}"
    else:
        swap = Swap(role="data", live=data, room=data.parent / room_name(run_id), method=SwapMethod.EXCHANGE)
        words = f"two empty directories in {data.parent} were exchanged in one system call, as {data} will be"
    binlog = _binlog_swap(site, data, run_id)
    if binlog is None:
        return (swap,), words
    return (swap, binlog), f"{words}; the binary logs in {binlog.live} are renamed one by one"


def _obstacle(data: Path) -> str:
    """Return why the directory cannot be exchanged as a whole, in words after its name; empty: it can."""
    if is_mount_point(data):
        return "is a mount point"
    if data.exists() and data.stat().st_dev != data.parent.stat().st_dev:
        return "is on another file system than its parent"
    if not can_exchange(data.parent):
        return "is on a file system that cannot exchange directories"
    return ""


def _require_room_within(site: Site, data: Path, obstacle: str) -> None:
    """Refuse a server that would find the tablespaces of the room inside its data directory, and not start."""
    if site.vendor is not Vendor.MARIADB and site.version < HIDDEN_DIRECTORIES_SKIPPED_SINCE:
        raise RestoreRefusedError(
            f"{data} {obstacle}, and MySQL {site.version} would not start with the restored and the old files in it",
            hint=f"Use a data directory one level below {data}, MySQL {HIDDEN_DIRECTORIES_SKIPPED_SINCE} or later, "
            "or restore with --to into another directory.",
        )


def _binlog_swap(site: Site, data: Path, run_id: str) -> Swap | None:
    directory = site.binlog_directory
    if directory is None:
        return None
    with translated_os_errors(directory):
        live = directory.resolve()
        index = site.host_paths.get("binlog_index")
        index_directory = live if index is None else index.parent.resolve()
    names = binlog_names(site.variables)
    if live == data:
        return None
    if live.is_relative_to(data):
        raise RestoreRefusedError(
            f"the binary logs are in {live} by way of a symbolic link: they cannot be told from the data",
            hint=f"Set log_bin to a path in {data} that needs no link, or restore with --to.",
        )
    if index_directory not in {live, data}:
        raise RestoreRefusedError(
            f"the index of the binary logs is in {index_directory}, not with the logs in {live}",
            hint="Set log_bin_index to a file in the directory of log_bin, or restore with --to.",
        )
    return Swap(
        role="binlog",
        live=live,
        room=live / room_name(run_id, "binlog"),
        method=SwapMethod.ENTRIES,
        pattern=binlog_pattern(names.base, names.index),
    )
