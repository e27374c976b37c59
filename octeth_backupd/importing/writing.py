"""Writing the new files: all of them or none, and never over another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.blank_configuration import sets_nothing
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.process.file_changes import FileChanges
from octeth_backupd.process.files import make_directory, translated_os_errors

if TYPE_CHECKING:
    from octeth_backupd.domain.secret import Secret


def require_absent(config: Path, secrets: tuple[Secret, ...]) -> None:
    """Pass when nothing would be overwritten; a configuration that sets nothing, as a package brings it, is nothing.

    Raises:
        ConfigurationError: One of the files is there.
    """
    if os.path.lexists(config) and not _is_blank(config):
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


def _is_blank(config: Path) -> bool:
    if config.is_symlink() or not config.is_file():
        return False
    with translated_os_errors(config):
        return sets_nothing(config.read_text(encoding="utf-8", errors="replace"))


def write_files(config: Path, text: str, secrets: tuple[Secret, ...]) -> tuple[Path, ...]:
    """Write the secrets (0600), then the configuration (0640) that names them.

    Returns:
        What was written, the configuration last; a secret that was there already is not in it.

    Raises:
        StorageError: One could not be written; none is left.
    """
    written: list[Path] = []
    with FileChanges() as changes:
        make_directory(config.parent, 0o750)
        for secret in secrets:
            path = Path(secret.path)
            if not os.path.lexists(path):
                changes.write(path, f"{secret.text}\n", mode=0o600)
                written.append(path)
        changes.write(config, text, mode=0o640, replace=os.path.lexists(config) and _is_blank(config))
    return (*written, config)
