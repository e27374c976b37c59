"""How much memory this machine, and the control group of this process, have left."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_KIB = 1024
_UNLIMITED_FROM = 1 << 60
"""cgroup v1 says "no limit" with a number near 2^63."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeMemory:
    """What a program started now could have.

    Attributes:
        free_bytes: Of the machine, without swapping; 0 when unknown.
        cgroup_limit_bytes: Left within the limits of the control groups this process is in; 0: no limit.
    """

    free_bytes: int
    cgroup_limit_bytes: int


def free_memory(*, proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> FreeMemory:
    """Return the memory that is free now; what cannot be read counts as unknown.

    A program that the daemon starts lives within the daemon's control group; a sidecar has no limit of its own.

    Source:
        proc(5), /proc/meminfo, MemAvailable; kernel documentation, cgroup-v1/memory.rst and cgroup-v2.rst.
    """
    return FreeMemory(free_bytes=_available(_text(proc / "meminfo")), cgroup_limit_bytes=_cgroup_room(proc, cgroups))


def _available(meminfo: str) -> int:
    for line in meminfo.splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * _KIB
    return 0


def _cgroup_room(proc: Path, cgroups: Path) -> int:
    """Return the least room in the control group of this process and those above it."""
    rooms = []
    for line in _text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, limit_name, used_name = cgroups, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit_name, used_name = cgroups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        directory = root / path.strip("/")
        while directory.is_relative_to(root):
            limit = _number(directory / limit_name)
            if 0 < limit < _UNLIMITED_FROM:
                rooms.append(max(1, limit - _number(directory / used_name)))
            directory = directory.parent
    return min(rooms, default=0)


def _number(path: Path) -> int:
    text = _text(path).strip()
    return int(text) if text.isdigit() else 0


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
