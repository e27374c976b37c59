"""Whether the file system that a directory belongs to is mounted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ESCAPE = re.compile(r"\\([0-7]{3})")


def missing_mount(directory: Path, fstab: str, *, is_mount: Callable[[Path], bool]) -> Path | None:
    r"""Return the mount point above a directory (or itself) that fstab names and nothing is mounted on.

    Without it a backup would go to the disk beneath the mount point.

    Args:
        directory: An absolute path.
        fstab: Content of ``/etc/fstab``.
        is_mount: Says of a path whether something is mounted there.

    Source:
        fstab(5): fields are separated by white space; a space within one is written ``\040``.
    """
    points = [
        Path(_ESCAPE.sub(lambda match: chr(int(match[1], 8)), fields[1]))
        for line in fstab.splitlines()
        if not line.lstrip().startswith("#") and len(fields := line.split()) >= 2
    ]
    above = [point for point in points if point.is_absolute() and directory.is_relative_to(point)]
    return next((point for point in sorted(above) if not is_mount(point)), None)
