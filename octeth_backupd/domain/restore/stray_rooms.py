"""Directories of restores that no journal knows: what is left of them when the state directory was lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.swap import ROOM_PREFIX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

_ROOM = re.compile(re.escape(ROOM_PREFIX) + r"(?P<run>[0-9]{8}-[0-9]{6}-[0-9a-f]{6})(-[a-z]+)?")


def stray_rooms(paths: Iterable[Path], known: Collection[str]) -> tuple[Path, ...]:
    """Return those of a server's neighbouring paths that an unknown restore has made, in order.

    Args:
        paths: Entries beside and within its directories.
        known: Ids of all restores that have a journal, readable or not.
    """
    found = []
    for path in paths:
        match = _ROOM.fullmatch(path.name)
        if match and match["run"] not in known:
            found.append(path)
    return tuple(sorted(set(found)))


def stray_words(path: Path, server: str) -> str:
    """Return what to say of one."""
    return (
        f"{path} was left by a restore of {server} that no journal knows, as after the loss of the state directory: it "
        "may hold the data from before that restore. Nothing removes it by itself. Take out what you need, then: "
        f"rm -r {path}"
    )
