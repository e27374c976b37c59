"""Doing what was planned on this host: all of it or nothing."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from octeth_backupd.domain.blank_configuration import sets_nothing
from octeth_backupd.domain.setup.plan import PlannedFile, Present, copy_name
from octeth_backupd.errors import ConfigurationError
from octeth_backupd.process.files import translated_os_errors
from octeth_backupd.settings.example import blank_file

if TYPE_CHECKING:
    from datetime import datetime

    from octeth_backupd.domain.setup.plan import Plan
    from octeth_backupd.process.file_changes import FileChanges


def read_present(config: Path) -> tuple[Present, str]:
    """Return what is where the configuration will be, and its text.

    Raises:
        ConfigurationError: It is there and is no text.
        StorageError: It cannot be read.
    """
    if not os.path.lexists(config):
        return Present.NOTHING, ""
    try:
        with translated_os_errors(config):
            text = config.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{config} is no text in UTF-8", hint="Move it away.") from error
    return (Present.BLANK if sets_nothing(text) else Present.IN_USE), text


def planned_file(
    path: PurePosixPath, content: str, *, mode: int, now: datetime, is_secret: bool = False
) -> PlannedFile | None:
    """Return how a file will be written; None where it is there already, as it is to be.

    The package's own configuration is not worth keeping: the next one of it lies in ``/usr/share/doc``.

    Raises:
        ConfigurationError: A symbolic link is there: whoever made it wants the file elsewhere.
        StorageError: It cannot be read.
    """
    there = Path(path)
    if not os.path.lexists(there):
        return PlannedFile(path=path, content=content, mode=mode, is_secret=is_secret)
    with translated_os_errors(there):
        before = there.read_bytes()
        same_mode = there.stat().st_mode & 0o7777 == mode
    is_same = before == content.encode()
    if is_same and same_mode:
        return None
    if there.is_symlink():
        raise ConfigurationError(
            f"{path} is a symbolic link, which is not replaced",
            hint=f"Put the file itself there, or name the one that the link leads to: {os.path.realpath(there)}",
        )
    worth_keeping = not is_same and before != blank_file().encode()
    return PlannedFile(
        path=path,
        content=content,
        mode=mode,
        is_secret=is_secret,
        kept_as=copy_name(path, now) if worth_keeping else None,
        replaces=True,
    )


def write_planned(plan: Plan, changes: FileChanges) -> None:
    """Make the directories and write the files of a plan.

    Raises:
        StorageError: One cannot be made or written; what was done is taken back by ``changes``.
    """
    for directory, mode in plan.directories:
        changes.make_directory(Path(directory), mode)
    for file in plan.files:
        path = Path(file.path)
        if file.kept_as is not None:
            with translated_os_errors(path):
                before, mode_before = path.read_bytes(), path.stat().st_mode & 0o7777
            changes.write(Path(file.kept_as), before, mode=mode_before)
        changes.write(path, file.content, mode=file.mode, replace=file.replaces)
