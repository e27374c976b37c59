"""Whether a process somewhere on this machine, in a container or not, has a file locked."""

from __future__ import annotations

import fcntl
import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FLOCK = "hhqqi4x"
"""struct flock of 64-bit Linux: l_type, l_whence, l_start, l_len, l_pid."""


def is_locked(path: Path) -> bool:
    """Return whether another process holds a lock on a file; False also where nobody can say.

    Source:
        fcntl(2), F_GETLK: a lock that another process holds on any part of the file is written over the question.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(descriptor, fcntl.F_GETLK, question)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return int(struct.unpack(_FLOCK, answer)[0]) != fcntl.F_UNLCK
