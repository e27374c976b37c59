"""The first page of an InnoDB data file: which tablespace it is."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from octeth_backupd.errors import MetadataError

if TYPE_CHECKING:
    from pathlib import Path

_HEADER_BYTES = 38
_SPACE_ID = struct.Struct(">I")
_SPACE_ID_OFFSET = 34


def read_space_id(path: Path) -> int | None:
    """Return the id of the tablespace that a data file belongs to.

    Page 0 is never encrypted and never compressed, so this works for every tablespace.

    Returns:
        The id; None when the page was not written yet: MariaDB leaves it to the next checkpoint, and until then
        it holds zeros. The system tablespace, whose id is 0, therefore gives 0 or None.

    Raises:
        OSError: The file cannot be read.
        MetadataError: It is too short to be a data file.

    Source:
        MySQL and MariaDB source, fil0types.h: FIL_PAGE_SPACE_ID, offset 34, four bytes, most significant first.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        header = os.pread(descriptor, _HEADER_BYTES, 0)
    finally:
        os.close(descriptor)
    if len(header) < _HEADER_BYTES:
        raise MetadataError(f"{path} is no InnoDB data file: it has {len(header)} bytes")
    if not any(header):
        return None
    space_id: int = _SPACE_ID.unpack_from(header, _SPACE_ID_OFFSET)[0]
    return space_id
