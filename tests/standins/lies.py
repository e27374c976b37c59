"""The ways in which an engine may say "completed OK!" and be wrong, or never come to say it."""

import os
import signal
import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final, NoReturn

SYSTEM_DIRECTORIES: Final = ("mysql", "sys", "performance_schema")

_TABLESPACE_SUFFIXES: Final = (".ibd", ".new")
"""A raw backup of mariadb-backup has ``.new`` for tables whose CREATE is in the redo log; prepare renames them."""
_JUNK_BYTES: Final = 4 * 1024 * 1024


class Lie(StrEnum):
    """What an installed engine does wrong; each value is one file for the tests to provoke."""

    WITHOUT_REDO = "completed-ok-without-redo"
    ERROR_LINE = "error-line-exit-0"
    NO_COMPLETED_OK = "no-completed-ok"
    CUT = "cut"
    ZEROS = "zeros"
    OMIT_TABLESPACE = "omit-tablespace"
    OTHER_SERVER = "other-server"
    EXIT_1 = "exit-1"
    CHECKPOINTS_MISSING = "checkpoints-missing"
    METADATA_MISSING = "metadata-missing"
    UNPREPARED = "unprepared"
    PREPARE_EXIT_1 = "prepare-exit-1"
    HANG = "hang"
    PREPARE_HANG = "prepare-hang"
    SLOW = "slow"
    FILL_DISK = "fill-disk"


def largest_user_tablespace(directory: Path) -> Path:
    """Return the largest tablespace outside the system schemas."""
    candidates = [
        path
        for path in directory.glob("*/*")
        if path.suffix in _TABLESPACE_SUFFIXES and path.parent.name not in SYSTEM_DIRECTORIES
    ]
    return max(candidates, key=lambda path: (path.stat().st_size, path.name))


def cut_a_tablespace(directory: Path) -> None:
    """Leave the first half of a user's tablespace."""
    victim = largest_user_tablespace(directory)
    os.truncate(victim, victim.stat().st_size // 2)


def empty_a_tablespace(directory: Path) -> None:
    """Leave a user's tablespace under its name and in its size, with nothing but zeros in it."""
    victim = largest_user_tablespace(directory)
    size_bytes = victim.stat().st_size
    os.truncate(victim, 0)
    os.truncate(victim, size_bytes)


def omit_a_tablespace(directory: Path) -> None:
    """Leave out a user's tablespace."""
    largest_user_tablespace(directory).unlink()


def hang(announce: Callable[[str], None]) -> NoReturn:
    """Ignore every polite signal, and sleep for ever."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    announce("Waiting for table flush")
    while True:
        time.sleep(3600)


def fill_disk(directory: Path, announce: Callable[[str], None]) -> NoReturn:
    """Write junk until killed, or until the file system is full, then fail as the engines do."""
    directory.mkdir(exist_ok=True)
    junk = directory / "ibdata1"
    announce(f"Copying ./ibdata1 to {junk}")
    try:
        with junk.open("wb", buffering=0) as file:
            while True:
                file.write(os.urandom(_JUNK_BYTES))
    except OSError as error:
        announce(f"Error writing file '{junk}' (OS errno {error.errno} - {error.strerror})")
        sys.exit(1)
