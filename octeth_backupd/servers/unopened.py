"""Tablespaces that MariaDB knows and has not opened since its start: their files say what the server does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.paths import host_path_of
from octeth_backupd.errors import MetadataError
from octeth_backupd.servers.pages import read_space_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.domain.server import ServerPaths, Tablespace


def complete_unopened(tablespaces: Iterable[Tablespace], paths: ServerPaths) -> tuple[Tablespace, ...]:
    """Return the tablespaces, with path and size of each whose file lies where it should and carries its id.

    MariaDB lists an unopened tablespace like a discarded one, without file and size. What has no such file stays as
    it is: it was discarded, or lost.

    Args:
        tablespaces: As ``read_tablespaces`` gives them.
        paths: Where the server's directories are on the host.
    """
    return tuple(_completed(tablespace, paths) if tablespace.discarded else tablespace for tablespace in tablespaces)


def _completed(tablespace: Tablespace, paths: ServerPaths) -> Tablespace:
    inside = PurePosixPath(f"{paths.server['data']}/{tablespace.name}.ibd")
    path = host_path_of(inside, paths)
    if path is None:
        return tablespace
    try:
        if read_space_id(path) != tablespace.space_id:
            return tablespace
        size_bytes = path.stat().st_size
    except (OSError, MetadataError):
        return tablespace
    return replace(tablespace, path=str(inside), size_bytes=size_bytes, discarded=False)
