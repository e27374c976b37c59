"""Read secrets from files: ``*_file`` keys and systemd credentials."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from octeth_backupd.settings.keys import Key, given_keys, is_secret, locate, value_at
from octeth_backupd.settings.openness import other_readers, other_writers
from octeth_backupd.settings.problems import Problem, toml_path
from octeth_backupd.settings.settings import Settings

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

SUFFIX = "_file"
_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretFile:
    """What a file says, or what is wrong with it; ``secret`` is empty only with a problem."""

    secret: str = ""
    problems: tuple[Problem, ...] = ()


def read_secret_file(path: Path, *, key: str) -> SecretFile:
    """Read a secret from a file, without the one newline that ends it.

    Args:
        path: An absolute path.
        key: TOML path of the key that names the file, for problems.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return _refused(key, f"{path} is not a regular file", "Name a file that holds the secret on one line.")
        with path.open("rb") as file:
            data = file.read(_LIMIT_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        hint = f"Write the secret there: install -m 600 /dev/null {path}, then edit it."
        return _refused(key, f"{path} does not exist", hint)
    except PermissionError:
        return _refused(key, f"this user may not read {path}", "Run the command as root.")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "impossible path"
        return _refused(key, f"{path} cannot be read: {reason}", "")
    found = _secret_in(data, path, key)
    if found.problems:
        return found
    return SecretFile(secret=found.secret, problems=tuple(_openness(status, path, key)))


def _openness(status: os.stat_result, path: Path, key: str) -> Iterator[Problem]:
    if readers := other_readers(status):
        yield Problem(path=key, message=f"{readers} may read {path}", hint=f"Run: chmod 600 {path}", is_warning=True)
    if writers := other_writers(status):
        hint = f"Run: chown root:root {path} && chmod 600 {path}"
        yield Problem(path=key, message=f"{writers} may write {path}", hint=hint, is_warning=True)


def _secret_in(data: bytes, path: Path, key: str) -> SecretFile:
    if len(data) > _LIMIT_BYTES:
        return _refused(key, f"{path} is larger than 64 KiB, so this is no password", "")
    try:
        secret = data.decode().removesuffix("\n")
    except UnicodeDecodeError:
        return _refused(key, f"{path} is not UTF-8 text", "Save the file in the encoding UTF-8.")
    if not secret:
        return _refused(key, f"{path} is empty", "Write the secret on its only line.")
    if not secret.isprintable():
        hint = "Write the secret on its only line; mind Windows line ends (\\r)."
        return _refused(key, f"{path} holds several lines or control characters", hint)
    return SecretFile(secret=secret)


def _refused(key: str, message: str, hint: str) -> SecretFile:
    return SecretFile(problems=(Problem(path=key, message=message, hint=hint),))


def secrets_named_by_keys(values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], SecretFile]]:
    """Yield, for each ``*_file`` key with an absolute path, the path of the key it stands for and what it says."""
    for key, value in given_keys(Settings, values):
        target = secret_key_of(key)
        if target is not None and isinstance(value, str) and Path(value).is_absolute():
            yield target, read_secret_file(Path(value), key=toml_path(key.path))


def secret_key_of(key: Key) -> tuple[str, ...] | None:
    """Return the path of the secret that a ``*_file`` key stands for, or None for any other key."""
    *parents, name = key.path
    target = (*parents, name.removesuffix(SUFFIX))
    field = locate(Settings, target).field
    return target if name.endswith(SUFFIX) and field is not None and is_secret(field) else None


def both_given(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield a problem for each secret that is given twice, as itself and by file."""
    for key, _ in given_keys(Settings, values):
        target = secret_key_of(key)
        if target is not None and value_at(values, target) is not None:
            yield Problem(
                path=toml_path(target),
                message=f"given twice, as {target[-1]} and as {key.path[-1]}",
                hint=f"Keep {key.path[-1]} and remove {target[-1]}.",
            )
