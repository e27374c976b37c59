"""Is this a configuration file in which nobody has set anything, such as the one that a package brings?"""

from __future__ import annotations

import tomllib
from typing import Any


def sets_nothing(text: str) -> bool:
    """Return whether a file sets no key at all: it is empty, or all of it is comments and heads of tables."""
    try:
        return not _has_keys(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return False


def _has_keys(table: dict[str, Any]) -> bool:
    return any(not isinstance(value, dict) or _has_keys(value) for value in table.values())
