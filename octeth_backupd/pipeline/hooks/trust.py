"""May root run this program? Not if anybody else could have put it there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

ROOT_ALONE = frozenset({0})
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def distrust(program: str, *, owners: frozenset[int] = ROOT_ALONE) -> str:
    """Return why a program must not be run, or an empty text.

    Looked at are the file, each directory above it, and where symbolic links lead: whoever may write one of them
    decides what runs.

    Args:
        program: Absolute path.
        owners: Users who may own them.
    """
    path = Path(program)
    try:
        real = path.resolve(strict=True)
        facts = real.stat()
        if not stat.S_ISREG(facts.st_mode):
            return f"{program} is not a file"
        if not facts.st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH):
            return f"{program} is not executable"
        if problem := _problem(real, facts, owners):
            return problem
        for directory in dict.fromkeys((*path.parents, *real.parents)):
            if problem := _problem(directory, directory.stat(), owners):
                return problem
    except FileNotFoundError:
        return f"{program} does not exist"
    except OSError as error:
        return f"{program} cannot be looked at: {os.strerror(error.errno or 0).lower()}"
    return ""


def _problem(path: Path, facts: os.stat_result, owners: frozenset[int]) -> str:
    if facts.st_uid not in owners:
        return f"{path} belongs to user {facts.st_uid}, not to root"
    # In a sticky directory nobody replaces what belongs to another.
    is_sticky = stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX
    if facts.st_mode & _OTHERS_WRITE and not is_sticky:
        return f"others than its owner may write {path}"
    return ""
