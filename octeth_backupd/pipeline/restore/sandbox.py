"""What the sandbox of the daemon's unit makes of a path that somebody names: another place, nothing, or read-only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.restore.plan import Refusal
from octeth_backupd.process.mounts import mount_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from octeth_backupd.process.mounts import Mount

DROP_IN = "systemctl edit octeth-backupd"


def out_of_sight(path: Path, *, look: Callable[[Path], Mount | None] = mount_of) -> Refusal | None:
    """Return that the daemon sees something else at a path than whoever named it; None where it sees the same.

    Args:
        path: Absolute.
        look: Returns what a path lies on.
    """
    mount = look(path)
    if mount is not None and mount.is_private:
        return Refusal(
            code="private_directory",
            message=f"{path} is in a {mount.point} that only the daemon's unit sees (PrivateTmp=yes)",
            hint=f"Name a place outside of {mount.point}, such as a directory beneath /var/backups/octeth.",
        )
    if mount is not None and mount.is_shut:
        return Refusal(
            code="hidden_directory",
            message=f"{path} is in {mount.point}, which the daemon's unit does not see (ProtectHome=yes)",
            hint=f"Name a place outside of {mount.point}, such as a directory beneath /var/backups/octeth; or open it: "
            f"{DROP_IN}, write ProtectHome=no below [Service], then restart the daemon.",
        )
    return None


def read_only(path: Path) -> Refusal:
    """Return that nothing can be laid down at a path; the directory above it is what must be writable.

    What is unpacked beside the path is renamed to it, which cannot be done between two entries of ``ReadWritePaths=``.
    """
    above = path.parent
    return Refusal(
        code="read_only_file_system",
        message=f"{above} is read-only for the daemon, and nothing can be laid down in it",
        hint="Name a directory beneath /var/backups/octeth. Or, where the unit's sandbox is the reason, open this one: "
        f"make it if it is not there, {DROP_IN}, write ReadWritePaths={above} below [Service], restart the daemon. "
        "Where the mount itself is read-only, the kernel's log has the reason (dmesg).",
    )
