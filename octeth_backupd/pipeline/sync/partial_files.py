"""Half-written files of the local storage backend, which its list leaves out."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from octeth_backupd.domain.sync.places import FoundFile
from octeth_backupd.process.files import translated_os_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".partial"


def partial_files(root: Path, prefix: str = "") -> Iterator[FoundFile]:
    """Yield the partial files beneath the local backup directory, under the keys that they would have had.

    Args:
        root: The local backup directory.
        prefix: Only keys that begin with it.

    Raises:
        StorageError: It cannot be read.
    """
    with translated_os_errors(root):
        for directory, names, files in os.walk(root):
            names[:] = sorted(name for name in names if not name.startswith("."))
            for name in sorted(files):
                if name.startswith(".") and name.endswith(_SUFFIX):
                    path = Path(directory, name)
                    key = str(path.with_name(name[1:].removesuffix(_SUFFIX)).relative_to(root))
                    facts = path.lstat()
                    if key.startswith(prefix):
                        yield FoundFile(
                            key=key,
                            size_bytes=facts.st_size,
                            modified_at=datetime.fromtimestamp(facts.st_mtime, UTC),
                        )
