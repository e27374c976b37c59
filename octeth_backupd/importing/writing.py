"""Writing the new files: all of them or none, and never over another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.errors import ConfigurationError, StorageError
from octeth_backupd.process.files import make_directory, translated_os_errors, write_whole

if TYPE_CHECKING:
    from octeth_backupd.domain.legacy.draft import Secret


def require_absent(config: Path, secrets: tuple[Secret, ...]) -> None:
    """Pass when nothing would be overwritten.

    Raises:
        ConfigurationError: One of the files is there.
    """
    if os.path.lexists(config):
        raise ConfigurationError(
            f"{config} exists already, and is not overwritten",
            hint="Write the new one elsewhere with --output FILE and compare, or adopt archives alone with --archives.",
        )
    there = [str(secret.path) for secret in secrets if _differs(secret)]
    if there:
        raise ConfigurationError(
            f"{', '.join(there)} exists already and holds something else",
            hint="Move it away, or write the new files elsewhere with --output FILE.",
        )


def _differs(secret: Secret) -> bool:
    path = Path(secret.path)
    if not os.path.lexists(path):
        return False
    with translated_os_errors(path):
        return path.is_symlink() or path.read_bytes().removesuffix(b"\n") != secret.text.encode()


def write_files(config: Path, text: str, secrets: tuple[Secret, ...]) -> tuple[Path, ...]:
    """Write the secrets (0600), then the configuration (0640) that names them.

    Returns:
        What was written, the configuration last; a secret that was there already is not in it.

    Raises:
        StorageError: One could not be written; none is left.
    """
    written: list[Path] = []
    make_directory(config.parent, 0o750)
    try:
        for secret in secrets:
            path = Path(secret.path)
            if not os.path.lexists(path):
                write_whole(path, f"{secret.text}\n", mode=0o600, replace=False)
                written.append(path)
        write_whole(config, text, mode=0o640, replace=False)
    except StorageError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return (*written, config)
