"""Making unpacked files look like the server's own: owner, mode, access lists, extended attributes, SELinux label."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from octeth_backupd.pipeline.restore.attributes import Attributes, give_attributes, read_attributes
from octeth_backupd.process.files import make_directory, translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from octeth_backupd.domain.restore.site import Owner

USUAL_DIRECTORY_MODE = 0o750
USUAL_FILE_MODE = 0o640
_SCHEMA_TEMPLATE = "mysql"
_FILE_TEMPLATE = "ibdata1"
_NOBODYS = frozenset({"lost+found"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Templates:
    root: Attributes
    directory: Attributes
    file: Attributes


def dress(directory: Path, *, like: Path | None, owner: Owner) -> None:
    """Give a directory and all that is in it to the server.

    Templates are the present data directory itself, its ``mysql/`` and its ``ibdata1``; where one is missing, the
    usual modes of a data directory take its place. A template that belongs to somebody else than the server's user
    lends its mode, and not its owner. May be repeated. What has modes of its own (``carry_over``) comes afterwards.

    Args:
        directory: What was unpacked. Links in it are not followed.
        like: The present data directory; None: there is none.
        owner: Whom the server's files belong to.

    Raises:
        StorageError: Something cannot be changed.
    """
    templates = _templates(like, owner)
    give_attributes(directory, templates.root)
    for path, is_directory in _walk(directory):
        give_attributes(path, templates.directory if is_directory else templates.file)


def give_unused(directory: Path, owner: Owner) -> None:
    """Give a directory that is a mount of the server, and is not there or empty, to the server; may be repeated.

    Docker makes what is missing of a container's mounts, and makes it root's: a server could not write there. One that
    holds anything, or belongs to somebody else than root, is left as it is.

    Args:
        directory: Where the server's files go one by one; made when absent.
        owner: Whom the server's files belong to.

    Raises:
        StorageError: It cannot be made or changed.
    """
    with translated_os_errors(directory):
        if not os.path.lexists(directory):
            make_directory(directory, USUAL_DIRECTORY_MODE)
        elif directory.stat().st_uid != 0 or any(path.name not in _NOBODYS for path in directory.iterdir()):
            return
        os.chown(directory, owner.user_id, owner.group_id)


def _templates(like: Path | None, owner: Owner) -> _Templates:
    usual_directory = Attributes(user_id=owner.user_id, group_id=owner.group_id, mode=USUAL_DIRECTORY_MODE)
    usual_file = replace(usual_directory, mode=USUAL_FILE_MODE)
    if like is None:
        return _Templates(root=usual_directory, directory=usual_directory, file=usual_file)
    schema, file = like / _SCHEMA_TEMPLATE, like / _FILE_TEMPLATE
    return _Templates(
        root=_template(like, owner) if _is_plain(like, directory=True) else usual_directory,
        directory=_template(schema, owner) if _is_plain(schema, directory=True) else usual_directory,
        file=_template(file, owner) if _is_plain(file, directory=False) else usual_file,
    )


def _template(path: Path, owner: Owner) -> Attributes:
    found = read_attributes(path)
    if found.user_id == owner.user_id:
        return found
    return replace(found, user_id=owner.user_id, group_id=owner.group_id)


def _is_plain(path: Path, *, directory: bool) -> bool:
    with translated_os_errors(path):
        return not path.is_symlink() and (path.is_dir() if directory else path.is_file())


def _walk(directory: Path) -> Iterator[tuple[Path, bool]]:
    """Yield everything beneath a directory, and whether it is a directory itself."""
    with translated_os_errors(directory), os.scandir(directory) as entries:
        for entry in entries:
            path = directory / entry.name
            is_directory = entry.is_dir(follow_symlinks=False)
            yield path, is_directory
            if is_directory:
                yield from _walk(path)
