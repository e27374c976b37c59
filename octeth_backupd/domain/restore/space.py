"""How much room a restore needs, and on which file systems: the present data stays while the restored comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.plan import Refusal, SpaceLine
from octeth_backupd.domain.space import format_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MARGIN_PERCENT = 10
_SERVER_FILES_BYTES = 128 << 20
_COMPRESSED_RATIO = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place that a restore writes to.

    Attributes:
        path: Where.
        purpose: What for, in words.
        needed_bytes: What will be written there.
        device: ``st_dev``; places with the same device share their room.
        free_bytes: What may still be written.
    """

    path: Path
    purpose: str
    needed_bytes: int
    device: int
    free_bytes: int


def unpacked_bytes(archive_bytes: int, *, is_compressed: bool) -> int:
    """Return the size to expect of an archive that nobody knows more of than its size.

    Row data shrinks to a fifth or less rarely: the guess is on the large side.
    """
    return archive_bytes * _COMPRESSED_RATIO if is_compressed else archive_bytes


def staging_bytes(unpacked: int) -> int:
    """Return the room that staged data takes until it goes live.

    A tenth more for what prepare and the rehearsal's start add to files, and the files that a server makes at its
    start: redo of about 100 MB, a temporary tablespace.
    """
    return unpacked + unpacked * _MARGIN_PERCENT // 100 + _SERVER_FILES_BYTES


def space_lines(places: Iterable[Place], *, reserve_bytes: int) -> tuple[SpaceLine, ...]:
    """Return one line for each file system; what shares a device is summed."""
    groups: dict[int, list[Place]] = {}
    for place in places:
        groups.setdefault(place.device, []).append(place)
    return tuple(
        SpaceLine(
            path=group[0].path,
            purpose="; ".join(dict.fromkeys(place.purpose for place in group)),
            needed_bytes=sum(place.needed_bytes for place in group),
            reserve_bytes=reserve_bytes,
            free_bytes=min(place.free_bytes for place in group),
        )
        for group in groups.values()
    )


def shortage(line: SpaceLine) -> Refusal | None:
    """Return why the room does not suffice, or None."""
    if line.is_enough:
        return None
    missing = line.needed_bytes + line.reserve_bytes - line.free_bytes
    return Refusal(
        code="no_space",
        message=f"the file system of {line.path} has {format_bytes(line.free_bytes)} free; needed are "
        f"{format_bytes(line.needed_bytes)} for {line.purpose}, and {format_bytes(line.reserve_bytes)} stay free",
        hint=f"Free {format_bytes(missing)} there. Safety copies of earlier restores are shown by octeth-backupctl "
        "status; the data that is there now is never removed to make room.",
    )
