"""Identifiers from outside: looked at before anything is asked with them, and never made into a path."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Path, Query

from octeth_backupd.errors import InvalidRequestError

_PART = re.compile(r"[A-Za-z0-9._:+-]{1,200}")

PartInPath = Annotated[str, Path(description="Any unambiguous part of an id; for backups also `latest`.")]
ServerFilter = Annotated[str | None, Query(description="Only this server's.")]


def checked_part(part: str) -> str:
    """Return an id, or a part of one, that may be looked up.

    Raises:
        InvalidRequestError: It cannot be part of an id.
    """
    if ".." in part or _PART.fullmatch(part) is None:
        raise InvalidRequestError(
            f"not an id: {part[:80]!r}",
            hint="Ids are shown by octeth-backupctl list and octeth-backupctl runs; any unambiguous part will do.",
        )
    return part
