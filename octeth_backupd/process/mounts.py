"""Where a path lies as this process sees it: systemd gives a unit directories of its own in place of the host's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ESCAPE = re.compile(r"\\([0-7]{3})")
_PRIVATE = "systemd-private-"
_SHUT = "/systemd/inaccessible/"
_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - nothing is put there
"""What ``PrivateTmp=yes`` gives a unit of its own, and deletes with the unit's stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """What is mounted where a path lies.

    Attributes:
        point: Where it is mounted.
        root: The directory of the file system that is mounted there.
        kind: Type of the file system.
    """

    point: Path
    root: str
    kind: str

    @property
    def is_private(self) -> bool:
        """Return whether it is a unit's own ``/tmp`` or ``/var/tmp``: nobody else sees it, and it ends with it."""
        return self.point in TEMPORARY and _PRIVATE in self.root

    @property
    def is_shut(self) -> bool:
        """Return whether the unit's sandbox hides what is really there, as ``ProtectHome=yes`` does."""
        return _SHUT in self.root

    @property
    def is_in_memory(self) -> bool:
        """Return whether what is there is lost when the machine restarts."""
        return self.kind in _IN_MEMORY


def mount_of(path: Path, mountinfo: str | None = None) -> Mount | None:
    r"""Return the mount that a path lies on, or will; None where the kernel does not say.

    Args:
        path: Absolute; need not exist.
        mountinfo: Content of ``/proc/self/mountinfo``; None: the present one, and symbolic links are followed.

    Source:
        proc_pid_mountinfo(5): the fourth field is the root, the fifth the mount point, the type comes behind a lone
        hyphen; a space is written ``\040``. systemd.exec(5), ``PrivateTmp=``, ``ProtectHome=``; the names of the
        directories as seen with systemd 252.
    """
    if mountinfo is None:
        try:
            mountinfo, path = Path("/proc/self/mountinfo").read_text(errors="surrogateescape"), path.resolve()
        except (OSError, RuntimeError, ValueError):
            return None
    found: Mount | None = None
    for line in mountinfo.splitlines():
        fields, _, behind = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) <= 4 or not behind:
            continue
        point = Path(_plain(parts[4]))
        # Of several on one point the last one covers the others.
        if path.is_relative_to(point) and (found is None or len(point.parts) >= len(found.point.parts)):
            found = Mount(point=point, root=_plain(parts[3]), kind=behind.split(" ")[0])
    return found


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), text)
