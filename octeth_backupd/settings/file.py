"""Read the configuration file, and say exactly where it cannot be read."""

from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from octeth_backupd.settings.openness import other_readers, other_writers
from octeth_backupd.settings.problems import Problem

if TYPE_CHECKING:
    import os
    from pathlib import Path

_LIMIT_BYTES = 1024 * 1024
_POSITION = re.compile(r"\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)\Z")
_HINTS = {
    "Invalid value": 'A value is a number, true, false, a text in double quotes or a list: ["a", "b"].',
    "Unterminated string": "A text ends with the quote it began with, on the same line.",
    "Illegal character": "A text ends with the quote it began with, on the same line.",
    "Expected '=' after a key": 'A line is a table, [local], or a key with its value, key = "value".',
    "Cannot overwrite": "Each key may be given only once in its table.",
    "Cannot declare": "Each table may be opened only once; put its keys together.",
    "Unescaped": "Write a backslash as two, or put the text in single quotes.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """What the file holds; ``values`` is empty when there are problems.

    Attributes:
        others_can_read: The file's mode lets every user read it.
    """

    values: dict[str, Any] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    others_can_read: bool = False


def read_file(path: Path) -> FileContent:
    """Read and parse a configuration file; what is wrong comes back as problems.

    Args:
        path: The file; it must exist.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return _failure("is not a regular file", path, hint="Name the file itself, with --config.")
        with path.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
    except FileNotFoundError:
        hint = "Write it after the example in etc/octeth-backupd/config.toml, or name another with --config."
        return _failure("the configuration file does not exist", path, hint=hint)
    except PermissionError:
        return _failure("this user may not read the configuration file", path, hint="Run the command as root.")
    except OSError as error:
        return _failure(f"the configuration file cannot be read: {error.strerror}", path)
    except ValueError:
        return _failure("the path of the configuration file is impossible", path)
    if len(data) > _LIMIT_BYTES:
        return _failure("larger than 1 MiB, so this is no configuration file", path)
    content = _parse(data, path)
    return FileContent(
        values=content.values,
        problems=(*content.problems, *_openness(status, path)),
        others_can_read=bool(other_readers(status)),
    )


def _openness(status: os.stat_result, path: Path) -> tuple[Problem, ...]:
    """Refuse a file that every user may write, doubt one that somebody else may."""
    writers = other_writers(status)
    if not writers:
        return ()
    every_user = bool(status.st_mode & stat.S_IWOTH)
    problem = Problem(
        path="",
        message=f"{writers} may write the configuration file, which names programs that root runs",
        hint=f"Run: chmod o-w {path}" if every_user else f"Run: chown root:root {path} && chmod 640 {path}",
        source=str(path),
        is_warning=not every_user,
    )
    return (problem,)


def _parse(data: bytes, path: Path) -> FileContent:
    try:
        text = data.decode("utf-8-sig")
        return FileContent(values=tomllib.loads(text))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return _failure("not UTF-8 text", path, position=f"{line}", hint="Save the file in the encoding UTF-8.")
    except tomllib.TOMLDecodeError as error:
        return _syntax_failure(str(error), text, path)
    except RecursionError:
        return _failure("nested too deeply", path)
    except ValueError:  # of Python's int(), whose own limit TOML knows nothing of
        return _failure("holds a number of thousands of digits", path)


def _syntax_failure(message: str, text: str, path: Path) -> FileContent:
    """Turn tomllib's message into a problem; it quotes a single character at most, so no secret can be in it."""
    match = _POSITION.search(message)
    reason = message[: match.start()] if match else message
    if match and match["line"]:
        position = f"{match['line']}:{match['column']}"
    else:
        last_line = text.rstrip("\n").split("\n")
        position = f"{len(last_line)}:{len(last_line[-1]) + 1}"
    hint = next((hint for start, hint in _HINTS.items() if reason.startswith(start)), "")
    return _failure(f"not TOML: {reason[:1].lower()}{reason[1:]}", path, position=position, hint=hint)


def _failure(message: str, path: Path, *, position: str = "", hint: str = "") -> FileContent:
    source = f"{path}:{position}" if position else str(path)
    return FileContent(problems=(Problem(path="", message=message, hint=hint, source=source),))
