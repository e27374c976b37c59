"""Passwords: read from a file or standard input, or made up."""

from __future__ import annotations

import secrets
import string
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.errors import InvalidRequestError
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Callable

STANDARD_INPUT = "-"
_LENGTH = 32
# What needs no quotes in option files, shells and SQL; with a special character, as password policies want it.
_SPECIAL = "-_.+"
_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SPECIAL)


def read_password(place: str, read_stdin: Callable[[], str]) -> str:
    """Return the password on the first line of a file.

    Args:
        place: Path, or ``-`` for standard input.
        read_stdin: Returns the next line of standard input.

    Raises:
        InvalidRequestError: There is no such file, or no password in it.
        StorageError: The file cannot be read.
    """
    if place == STANDARD_INPUT:
        text = read_stdin()
    else:
        if not Path(place).exists() or Path(place).is_dir():
            raise InvalidRequestError(
                f"{place} is a directory" if Path(place).is_dir() else f"the file {place} does not exist",
                hint="Give the path of a file with the password on its only line, or - for standard input.",
            )
        with translated_os_errors(Path(place)):
            text = Path(place).read_text(encoding="utf-8")
    lines = text.splitlines()
    if not lines or not lines[0]:
        what = "standard input" if place == STANDARD_INPUT else place
        raise InvalidRequestError(f"no password in {what}", hint="Its first line must be the password.")
    if len(lines) > 1 and any(lines[1:]):
        raise InvalidRequestError(f"more than one line in {place}", hint="It must hold the password on its only line.")
    return lines[0]


def new_password() -> str:
    """Return a random password of 32 characters, with some of each kind."""
    alphabet = "".join(_ALPHABETS)
    while True:
        password = "".join(secrets.choice(alphabet) for _ in range(_LENGTH))
        if all(set(password) & set(kind) for kind in _ALPHABETS) and password[0].isalnum():
            return password
