"""The systemd unit that this process belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_OWN_GROUPS: Final = Path("/proc/self/cgroup")
_SUFFIX: Final = ".service"


def own_unit(path: Path = _OWN_GROUPS) -> str:
    """Return the name of the service that this process is a part of; empty where it is none.

    Args:
        path: What the kernel says of the process's control groups.

    Source:
        cgroups(7), ``/proc/pid/cgroup``: ``ID:CONTROLLERS:PATH`` lines; systemd names a unit's group like the unit.
    """
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return ""
    for line in lines:
        parts = line.rpartition(":")[2].split("/")
        if services := [part for part in parts if part.endswith(_SUFFIX)]:
            return services[-1]
    return ""
