"""How much memory a prepare may use."""

from __future__ import annotations

_MIB = 1024 * 1024
_LEAST_BYTES = 128 * _MIB
_REDO_FACTOR = 3
_SHARE_OF_FREE = 4


def prepare_memory_bytes(*, free_bytes: int, cgroup_limit_bytes: int, redo_bytes: int) -> int:
    """Return what ``--use-memory`` shall say: enough to apply the redo in one go, and never much of what is free.

    Three times the redo is what the engine can make use of (199 MB of redo: 3.2 s with 8 MiB, 1.9 s from 512 MiB on).
    A quarter of the free memory is the most, because the server works beside it. 128 MiB is the least: the engines
    become very slow below, and they take their own 100 MB by default anyway.

    Args:
        free_bytes: What could be had without swapping; 0 when unknown.
        cgroup_limit_bytes: Memory left within the limit of the control group that the engine runs in; 0: no limit.
        redo_bytes: Redo to apply; 0 when unknown.

    Returns:
        A whole number of MiB, in bytes.
    """
    available = min(free_bytes, cgroup_limit_bytes) if cgroup_limit_bytes else free_bytes
    wanted = available // _SHARE_OF_FREE
    if redo_bytes:
        wanted = min(wanted, redo_bytes * _REDO_FACTOR)
    return max(_LEAST_BYTES, wanted // _MIB * _MIB)
