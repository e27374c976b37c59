"""Looking at the data that a restore would replace, whatever its condition."""

from __future__ import annotations

import os
from pathlib import Path

from octeth_backupd.domain.restore.data_state import SYSTEM_DIRECTORY, Listing
from octeth_backupd.domain.restore.site import Owner
from octeth_backupd.domain.restore.swap import ROOM_PREFIX
from octeth_backupd.domain.server import ServerIdentity, Vendor
from octeth_backupd.errors import IdentityError
from octeth_backupd.process.files import translated_os_errors, tree_bytes
from octeth_backupd.servers.host_files import read_file_number
from octeth_backupd.servers.identity import read_auto_cnf

_SYSTEM_TABLESPACE = "ibdata1"
_NOT_A_TABLE = frozenset({"db.opt"})


def list_directory(directory: Path) -> Listing | None:
    """Return what a data directory holds; None when there is none.

    Raises:
        StorageError: It cannot be read.
    """
    files: dict[str, int] = {}
    directories: dict[str, bool] = {}
    with translated_os_errors(directory):
        try:
            entries = list(os.scandir(directory))
        except FileNotFoundError:
            return None
        for entry in entries:
            try:
                if entry.is_dir():
                    directories[entry.name] = _holds_tables(entry.path)
                else:
                    files[entry.name] = entry.stat(follow_symlinks=False).st_size
            except FileNotFoundError:
                continue  # a running server removes files
    return Listing(files=files, directories=directories)


def present_bytes(directory: Path) -> int | None:
    """Return the size of the data there, without what other restores keep in it; None where it cannot be read."""
    try:
        with os.scandir(directory) as entries:
            present = [entry for entry in entries if not entry.name.startswith(ROOM_PREFIX)]
        return sum(
            tree_bytes(Path(entry.path))
            if entry.is_dir(follow_symlinks=False)
            else entry.stat(follow_symlinks=False).st_size
            for entry in present
        )
    except FileNotFoundError:
        return 0
    except OSError:
        return None


def read_identity(directory: Path, vendor: Vendor) -> ServerIdentity:
    """Return what the files tell of whose data they are; fields that nothing tells are empty."""
    number = read_file_number(directory / _SYSTEM_TABLESPACE)
    return ServerIdentity(
        vendor=vendor,
        server_uuid="" if vendor is Vendor.MARIADB else _uuid(directory),
        data_device=number.device if number else 0,
        data_inode=number.inode if number else 0,
    )


def read_owner_of_data(directory: Path) -> Owner | None:
    """Return whom a server's files belong to; None where the directory does not say.

    One that root owns says nothing unless the files in it do: the Docker engine makes the missing source of a mount
    as root.
    """
    for path in (directory / SYSTEM_DIRECTORY, directory / _SYSTEM_TABLESPACE, directory):
        try:
            status = path.stat()
        except OSError:
            continue
        if status.st_uid != 0 or path != directory:
            return Owner(user_id=status.st_uid, group_id=status.st_gid)
    return None


def is_read_only(directory: Path) -> bool:
    """Return whether the file system of a directory, or of what will hold it, is mounted read-only."""
    for place in (directory, *directory.parents):
        try:
            return bool(os.statvfs(place).f_flag & os.ST_RDONLY)
        except FileNotFoundError:
            continue
        except OSError:
            return False  # the listing of the directory says what is wrong with it
    return False


def _holds_tables(path: str) -> bool:
    try:
        with os.scandir(path) as entries:
            return any(entry.name not in _NOT_A_TABLE and entry.is_file(follow_symlinks=False) for entry in entries)
    except FileNotFoundError:
        return False


def _uuid(directory: Path) -> str:
    try:
        return read_auto_cnf(directory)
    except IdentityError:
        return ""
