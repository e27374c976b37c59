"""Which other containers could write into a directory that is about to change places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.process.docker_servers import held_directories

if TYPE_CHECKING:
    from collections.abc import Iterable

    from octeth_backupd.process.docker import Docker

_VOLUME_STORE = Path("/var/lib/docker/volumes")
_LENT_TO_AGENTS = frozenset({_VOLUME_STORE, *_VOLUME_STORE.parents})
"""Monitoring and management agents mount these as a whole; no database server keeps its files in them directly."""

_Inode = tuple[int, int]


def containers_holding(docker: Docker, paths: Iterable[Path], *, but: str) -> tuple[str, ...]:
    """Return the names of running containers that mount one of these directories, a part or a parent, for writing.

    A directory is known by its inode, so that neither a symbolic link nor a bind mount hides it. Read-only mounts do
    not count: nothing can be written through them.

    Args:
        docker: The engine.
        paths: On the host.
        but: Id of the container that may; empty for none.

    Raises:
        DockerError: The engine cannot be asked.
    """
    ours = [_lineage(path) for path in paths]
    names = {
        held.name
        for held in held_directories(docker)
        if held.container_id != but and _touches(_lineage(held.source), ours, held.source)
    }
    return tuple(sorted(names))


def _touches(theirs: tuple[_Inode, ...], ours: list[tuple[_Inode, ...]], source: Path) -> bool:
    for lineage in ours:
        if not theirs or not lineage:
            continue
        if lineage[0] in theirs:
            return True
        if theirs[0] in lineage and source not in _LENT_TO_AGENTS:
            return True
    return False


def _lineage(path: Path) -> tuple[_Inode, ...]:
    """Return the inodes of a directory and all its parents, itself first; empty when it does not exist."""
    try:
        resolved = path.resolve(strict=True)
        return tuple((found.st_dev, found.st_ino) for found in (p.stat() for p in (resolved, *resolved.parents)))
    except OSError:
        return ()
