"""Is this a configuration file in which nobody has set anything, such as the one that a package brings?"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def sets_nothing(text: str) -> bool:
    """Return whether a file sets no key at all: it is empty, or all of it is comments and heads of tables."""
    try:
        return not has_keys(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return False


def has_keys(table: Mapping[str, Any]) -> bool:
    """Return whether a table, or one in it, sets a key."""
    return any(not isinstance(value, dict) or has_keys(value) for value in table.values())
