"""The file that carries user and password to an engine: never in an argument vector, an environment or a workspace."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from octeth_backupd.errors import ConfigurationError
from octeth_backupd.process.files import make_directory, translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pydantic import SecretStr

SUFFIX = ".cnf"
# The parser reads lines of 4 KiB; what does not fit would be cut without a word.
_MAXIMUM_VALUE_BYTES = 1024


@contextmanager
def option_file(
    directory: Path, *, run_id: str, user: str, password: SecretStr, options: Mapping[str, str] | None = None
) -> Iterator[Path]:
    """Write an option file for the length of a block.

    Args:
        directory: The runtime directory, or one beneath it; made with mode 0700 when it is not there.
        run_id: Names the file, ``<run id>.cnf``: recovery knows whose it was.
        user: Login name.
        password: May be empty.
        options: More options for ``[client]``, such as ``ssl-ca``.

    Yields:
        Path of the file, mode 0600.

    Raises:
        ConfigurationError: A value cannot stand in an option file.
        StorageError: It cannot be written.
    """
    text = option_file_text({"user": user, "password": password.get_secret_value(), **(options or {})})
    make_directory(directory)
    path = directory / f"{run_id}{SUFFIX}"
    with translated_os_errors(path):
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def option_file_text(options: Mapping[str, str]) -> str:
    """Return the content of an option file with these options under ``[client]``.

    Raises:
        ConfigurationError: A value holds a line end or is too long; the message does not repeat it.
    """
    lines = [f"{name}={_quoted(name, value)}" for name, value in options.items()]
    return "\n".join(["[client]", *lines, ""])


def _quoted(name: str, value: str) -> str:
    r"""Return a value in double quotes; within them only the backslash and the quote itself need an escape.

    Source:
        MySQL 8.4 manual, 6.2.2.2 "Using Option Files": the escape sequences, and ``#`` in quotes is no comment.
    """
    if any(character in value for character in "\n\r\0"):
        raise ConfigurationError(
            f"the {name} holds a line end or a zero byte, which no option file of MySQL can carry",
            hint="Give the account another one; a password file may end in one line end, which is not part of it.",
        )
    if len(value.encode()) > _MAXIMUM_VALUE_BYTES:
        raise ConfigurationError(f"the {name} is longer than {_MAXIMUM_VALUE_BYTES} bytes")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
