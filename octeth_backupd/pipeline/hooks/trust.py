"""May root run this program? Not if anybody else could have put it there."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT_ALONE = frozenset({0})
_MOST_LINKS = 40  # as the kernel
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def distrust(program: str, *, owners: frozenset[int] = ROOT_ALONE) -> str:
    """Return why a program must not be run, or an empty text.

    Looked at are the file and every directory and symbolic link that is passed on the way to it, through each link of
    a chain: whoever may write one of them decides what runs.

    Args:
        program: Absolute path.
        owners: Users who may own them.
    """
    try:
        real = Path(os.path.realpath(program, strict=True))
        facts = real.stat()
        if not stat.S_ISREG(facts.st_mode):
            return f"{program} is not a file"
        if not facts.st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH):
            return f"{program} is not executable"
        if problem := _problem(real, facts, owners):
            return problem
        for passed, its_facts in _passed(Path(program)):
            if problem := _problem(passed, its_facts, owners):
                return problem
    except FileNotFoundError:
        return f"{program} does not exist"
    except OSError as error:
        return f"{program} cannot be looked at: {os.strerror(error.errno or 0).lower()}"
    return ""


def _passed(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield everything that the kernel passes on its way to a file, and the file.

    Raises:
        OSError: There is no way, or it goes in a circle.
    """
    here, links = Path("/"), 0
    waiting = list(reversed(path.parts))
    while waiting:
        part = waiting.pop()
        following = here.parent if part == ".." else here / part
        facts = following.lstat()
        yield following, facts
        if not stat.S_ISLNK(facts.st_mode):
            here = following
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        waiting.extend(reversed(following.readlink().parts))


def _problem(path: Path, facts: os.stat_result, owners: frozenset[int]) -> str:
    if facts.st_uid not in owners:
        return f"{path} belongs to user {facts.st_uid}, not to root"
    if stat.S_ISLNK(facts.st_mode):  # its mode says nothing: who may replace it is said by its directory
        return ""
    # In a sticky directory nobody replaces what belongs to another.
    is_sticky = stat.S_ISDIR(facts.st_mode) and facts.st_mode & stat.S_ISVTX
    if facts.st_mode & _OTHERS_WRITE and not is_sticky:
        return f"others than its owner may write {path}"
    return ""
