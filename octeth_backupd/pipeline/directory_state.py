"""Looking at a backup directory: files with sizes, tablespaces with their id, metadata files with their text."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.postconditions.evidence import DirectoryState, FileEntry
from octeth_backupd.errors import VerificationError
from octeth_backupd.process.files import translated_os_errors
from octeth_backupd.servers.pages import read_space_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from octeth_backupd.engines.base import Expectation

TABLESPACE_NAME = re.compile(r".*\.ib[du]|ibdata\d+|undo_?\d+", re.DOTALL)
"""Tables in their own file, general and undo tablespaces, the system's; not ``undo_log.frm``, which is a table's."""
BACKUP_CNF = "backup-my.cnf"
LARGEST_TEXT_BYTES = 1 << 20


def directory_state(directory: Path, expectation: Expectation, *, with_space_ids: bool) -> DirectoryState:
    """Return what a backup directory holds.

    Args:
        directory: As the engine left it.
        expectation: Names the metadata files whose text is wanted.
        with_space_ids: Read page 0 of each tablespace (16 KiB apart reads, one a file).

    Raises:
        VerificationError: It holds something that is neither a file nor a directory.
        MetadataError: A tablespace's file is too short to be one.
        StorageError: It cannot be read.
    """
    wanted = (*expectation.checkpoints_files, *expectation.info_files, *expectation.binlog_info_files, BACKUP_CNF)
    with translated_os_errors(directory):
        files = {
            relative: FileEntry(size_bytes=size, space_id=_space_id(path) if with_space_ids else None)
            for relative, path, size in _walk(directory, "")
        }
        texts = {
            name: (directory / name).read_text(encoding="utf-8", errors="replace")
            for name in wanted
            if name in files and files[name].size_bytes <= LARGEST_TEXT_BYTES
        }
    return DirectoryState(files=files, texts=texts)


def _space_id(path: Path) -> int | None:
    return read_space_id(path) if TABLESPACE_NAME.fullmatch(path.name) else None


def _walk(directory: Path, prefix: str) -> Iterator[tuple[str, Path, int]]:
    with os.scandir(directory) as entries:
        for entry in entries:
            relative = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(directory / entry.name, f"{relative}/")
            elif entry.is_file(follow_symlinks=False):
                yield relative, Path(entry.path), entry.stat(follow_symlinks=False).st_size
            else:
                raise VerificationError(
                    f"the backup holds {relative!r}, which is neither a file nor a directory",
                    hint="A data directory holds no links or devices; look at the server's data directory.",
                )
