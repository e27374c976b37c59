"""Places of the daemon that lie among a server's files, or hold them: a restore would move the one with the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_DIRECTORIES = {
    "data": "data directory",
    "innodb_home": "directory of its system tablespace",
    "redo": "redo log directory",
    "undo": "undo directory",
    "binlog": "binary log directory",
}


def places_inside(places: Mapping[str, Path], directories: Mapping[str, Path]) -> Iterator[str]:
    """Yield, in words, each place that is a directory of the server or lies inside one.

    A directory that holds the data directory beside other things, such as ``/srv`` with ``log_bin = /srv/binlog``, is
    nobody's own.

    Args:
        places: The daemon's, by what they are in words; without symbolic links.
        directories: The server's on the host, by role; without symbolic links.
    """
    data = directories.get("data")
    for what, place in places.items():
        for role, name in _DIRECTORIES.items():
            directory = directories.get(role)
            if directory is None or (data is not None and directory in data.parents):
                continue
            if place.is_relative_to(directory):
                relation = "is" if place == directory else "is inside"
                yield f"the {what} {place} {relation} the server's {name} {directory}"
                break


def places_around(places: Mapping[str, Path], directories: Mapping[str, Path]) -> Iterator[str]:
    """Yield, in words, each directory of the server that lies inside a place; see ``places_inside``."""
    for what, place in places.items():
        for role, name in _DIRECTORIES.items():
            directory = directories.get(role)
            if directory is not None and place in directory.parents:
                yield f"the server's {name} {directory} is inside the {what} {place}"
                break
