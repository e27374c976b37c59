"""The disk guard of a staging: the restored data lies on the disk that the server lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from octeth_backupd.domain.space import format_bytes
from octeth_backupd.process.files import free_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from octeth_backupd.pipeline.parts import Parts

SPACE_HINT = "Free space there: what is restored needs its whole size beside the data that it replaces."


def staging_guard(parts: Parts, directory: Path) -> Callable[[], str | None]:
    """Return a function that says why the staging must end now, or None while ``[backup] min_free`` is kept."""

    def look() -> str | None:
        space = free_bytes(directory)
        if space.free >= parts.backup.min_free:
            return None
        return (
            f"the file system of {directory} has {format_bytes(space.free)} left, "
            f"[backup] min_free is {format_bytes(parts.backup.min_free)}"
        )

    return look
