"""Put the binary logs of a backup where the server will look for them.

XtraBackup leaves transactions in doubt for the server and its binary log to decide on, so the log that was being
written during the backup belongs to it. A server that finds no log, or another one, rolls back committed rows and
claims their GTIDs. MariaDB's backups hold no binary logs.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.binlog_index import (
    base_of,
    binlog_files,
    binlog_names,
    index_files,
    index_text,
    renamed,
)
from octeth_backupd.domain.server import Vendor
from octeth_backupd.process.exchange import move
from octeth_backupd.process.files import make_directory, sync_directory, translated_os_errors, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from octeth_backupd.domain.restore.site import Owner, Site

_FILE_MODE = 0o640
_DIRECTORY_MODE = 0o750


def place(staged_data: Path, *, site: Site, incoming_binlog: Path | None) -> None:
    """Move the backup's binary logs to where they belong and write their index; may be repeated.

    Where the server writes none they are removed; those of MariaDB were never there.

    Args:
        staged_data: What becomes the data directory.
        site: The server.
        incoming_binlog: What becomes the directory of the binary logs; None where that is (in) the data directory.

    Raises:
        StorageError: A file cannot be moved.
        SpaceError: The file system of the binary logs is full.
    """
    if site.vendor is Vendor.MARIADB:
        return
    names = binlog_names(site.variables)
    target = incoming_binlog or staged_data / _subdirectory(site)
    found = binlog_files(_files(staged_data), likely_base=names.base)
    if not site.log_bin:
        base = base_of(found[0]) if found else names.base
        _remove(staged_data, (*found, *index_files(_files(staged_data), base=base, server=names)))
        return
    if target != staged_data:
        _make_directory(target, site.owner)
    for log in found:
        _move(staged_data / log, target / renamed(log, names.base), site.owner)
    base = base_of(found[0]) if found else names.base
    _remove(staged_data, index_files(_files(staged_data), base=base, server=names))
    placed = binlog_files(_files(target), likely_base=names.base)
    if placed:
        index = _index_directory(site, staged_data, target) / names.index
        write_whole(index, index_text(placed), mode=_FILE_MODE, replace=True)
        _give(index, site.owner)
    sync_directory(staged_data)


def _subdirectory(site: Site) -> str:
    """Return where in the data directory the binary logs are."""
    data, binlog = site.server_paths["data"], site.server_paths.get("binlog")
    return str(binlog.relative_to(data)) if binlog is not None and binlog.is_relative_to(data) else "."


def _index_directory(site: Site, staged_data: Path, binlogs: Path) -> Path:
    data, index = site.server_paths["data"], site.server_paths.get("binlog_index")
    return staged_data if index is not None and index.parent == data else binlogs


def _move(source: Path, target: Path, owner: Owner) -> None:
    """Move a file, over the border of file systems too; it appears under its name whole."""
    if source == target:
        return
    with translated_os_errors(target):
        if source.stat().st_dev == target.parent.stat().st_dev:
            move(source, target)
        else:
            partial = target.with_name(f".{target.name}.partial")
            with source.open("rb") as reader, partial.open("wb") as writer:
                shutil.copyfileobj(reader, writer)
                writer.flush()
                os.fsync(writer.fileno())
            partial.replace(target)
            sync_directory(target.parent)
            source.unlink()
        _give(target, owner)


def _give(path: Path, owner: Owner) -> None:
    with translated_os_errors(path):
        os.chown(path, owner.user_id, owner.group_id, follow_symlinks=False)
        path.chmod(_FILE_MODE)


def _make_directory(path: Path, owner: Owner) -> None:
    make_directory(path, _DIRECTORY_MODE)
    with translated_os_errors(path):
        os.chown(path, owner.user_id, owner.group_id, follow_symlinks=False)


def _remove(directory: Path, names: tuple[str, ...]) -> None:
    with translated_os_errors(directory):
        for name in names:
            (directory / name).unlink(missing_ok=True)


def _files(directory: Path) -> list[str]:
    with translated_os_errors(directory):
        return sorted(entry.name for entry in directory.iterdir() if entry.is_file() and not entry.is_symlink())
